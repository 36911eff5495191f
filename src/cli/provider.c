/* SPDX-License-Identifier: ISC */
/* cli/provider.c - see provider.h. */
#include "cli/provider.h"

#include "cli/server_name.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define MICROSOFT "https://login.microsoftonline.com/common/oauth2/v2.0/"

static const struct provider providers[] = {
	{ .name = "gmail",
		.source = "https://support.google.com/mail/answer/7126229",
		.domains = "gmail.com googlemail.com",
		.mx = "google.com googlemail.com",
		.host = "imap.gmail.com",
		.pop3_host = "pop.gmail.com",
		.smtp_host = "smtp.gmail.com",
		.smtp_port = 465,
		.smtp_tls = GW_TLS_IMPLICIT,
		.port = 993,
		.auth = GW_AUTH_PASSWORD,
		.passwords = true,
		.connections = 3,          /* of 15, which telephones share */
		.daily_download_mb = 2500, /* as told for Workspace */
		.daily_upload_mb = 500,
		.auth_url = "https://accounts.google.com/o/oauth2/v2/auth",
		.token_url = "https://oauth2.googleapis.com/token",
		.userinfo_url = "https://openidconnect.googleapis.com/v1/userinfo",
		.scope = "https://mail.google.com/",
		.hint = "an app password (https://myaccount.google.com/apppasswords) needs 2-Step "
			"Verification; for oauth2 make a client of type \"Desktop app\" at "
			"https://console.cloud.google.com/apis/credentials" },
	{ .name = "outlook",
		.source =
			"https://support.microsoft.com/office/pop-imap-and-smtp-settings-for-outlook-com-d088b986-291d-42b8-9564-9c414e2aa040",
		.domains =
			"outlook.com hotmail.com live.com msn.com outlook.de hotmail.co.uk hotmail.fr",
		.mx = "outlook.com",
		.host = "outlook.office365.com",
		.pop3_host = "outlook.office365.com",
		.pop3_scope = "https://outlook.office.com/POP.AccessAsUser.All "
			      "https://outlook.office.com/SMTP.Send offline_access",
		.smtp_host = "smtp.office365.com",
		.smtp_port = 587,
		.smtp_tls = GW_TLS_STARTTLS,
		.port = 993,
		.auth = GW_AUTH_OAUTH2,
		.connections = 3,
		.auth_url = MICROSOFT "authorize",
		.token_url = MICROSOFT "token",
		.device_url = MICROSOFT "devicecode",
		.scope = "https://outlook.office.com/IMAP.AccessAsUser.All "
			 "https://outlook.office.com/SMTP.Send offline_access",
		.hint = "register a public client at https://entra.microsoft.com with the redirect "
			"http://127.0.0.1 or with device code flow allowed" },
	{ .name = "fastmail",
		.source = "https://www.fastmail.help/hc/en-us/articles/1500000278342",
		.domains = "fastmail.com fastmail.fm sent.com messagingengine.com",
		.mx = "messagingengine.com",
		.host = "imap.fastmail.com",
		.smtp_host = "smtp.fastmail.com",
		.smtp_port = 465,
		.smtp_tls = GW_TLS_IMPLICIT,
		.port = 993,
		.passwords = true,
		.connections = 5,
		.hint = "an app password: Settings, Privacy & Security" },
	{ .name = "icloud",
		.source = "https://support.apple.com/102525",
		.domains = "icloud.com me.com mac.com",
		.mx = "icloud.com",
		.host = "imap.mail.me.com",
		.smtp_host = "smtp.mail.me.com",
		.smtp_port = 587,
		.smtp_tls = GW_TLS_STARTTLS,
		.port = 993,
		.passwords = true,
		.connections = 3,
		.hint = "an app-specific password: https://account.apple.com" },
	{ .name = "yahoo",
		.source = "https://help.yahoo.com/kb/SLN4075.html",
		.domains =
			"yahoo.com ymail.com rocketmail.com yahoo.co.uk yahoo.de yahoo.fr yahoo.es yahoo.it yahoo.ca yahoo.com.br",
		.host = "imap.mail.yahoo.com",
		.pop3_host = "pop.mail.yahoo.com",
		.smtp_host = "smtp.mail.yahoo.com",
		.smtp_port = 465,
		.smtp_tls = GW_TLS_IMPLICIT,
		.port = 993,
		.passwords = true,
		.connections = 3,
		.hint = "an app password: Account Security" },
	{ .name = "gmx",
		.source = "https://hilfe.gmx.net/pop-imap/imap/imap-serverdaten.html",
		.domains = "gmx.net gmx.de gmx.at gmx.ch",
		.host = "imap.gmx.net",
		.pop3_host = "pop.gmx.net",
		.smtp_host = "mail.gmx.net",
		.smtp_port = 465,
		.smtp_tls = GW_TLS_IMPLICIT,
		.port = 993,
		.passwords = true,
		.connections = 3,
		.hint = "IMAP has to be allowed first: Settings, POP3 & IMAP" },
	{ .name = "mailbox.org",
		.source = "https://kb.mailbox.org/en/private/e-mail-article/setup-e-mail-programs/",
		.domains = "mailbox.org",
		.mx = "mailbox.org",
		.host = "imap.mailbox.org",
		.pop3_host = "pop3.mailbox.org",
		.smtp_host = "smtp.mailbox.org",
		.smtp_port = 465,
		.smtp_tls = GW_TLS_IMPLICIT,
		.port = 993,
		.passwords = true,
		.connections = 5,
		.hint = "the account's password, or an application password" },
	{ .name = "proton",
		.source = "https://proton.me/support/bridge",
		.domains = "proton.me protonmail.com pm.me",
		.host = "127.0.0.1",
		.smtp_host = "127.0.0.1",
		.smtp_port = 1025,
		.smtp_tls = GW_TLS_STARTTLS,
		.port = 1143,
		.tls = GW_TLS_STARTTLS,
		.passwords = true,
		.connections = 3,
		.hint = "Proton Mail Bridge has to run; it shows the password, and its certificate "
			"goes to `tls-ca-file`" },
	{ .name = "gmx.com",
		.source = "https://support.gmx.com/pop-imap/imap/server.html",
		.domains = "gmx.com gmx.us gmx.co.uk",
		.host = "imap.gmx.com",
		.smtp_host = "mail.gmx.com",
		.smtp_port = 587,
		.smtp_tls = GW_TLS_STARTTLS,
		.port = 993,
		.passwords = true,
		.connections = 3,
		.hint = "IMAP has to be allowed first: Settings, POP3 & IMAP" },
	{ .name = "web.de",
		.source = "https://hilfe.web.de/pop-imap/imap/imap-serverdaten.html",
		.domains = "web.de",
		.host = "imap.web.de",
		.smtp_host = "smtp.web.de",
		.smtp_port = 587,
		.smtp_tls = GW_TLS_STARTTLS,
		.port = 993,
		.passwords = true,
		.connections = 3,
		.hint = "IMAP has to be allowed first: Einstellungen, POP3/IMAP Abruf" },
	{ .name = "t-online",
		.source =
			"https://www.telekom.de/hilfe/apps-dienste/e-mail/e-mail-server-posteingangsserver-postausgangsserver",
		.domains = "t-online.de magenta.de",
		.host = "secureimap.t-online.de",
		.smtp_host = "securesmtp.t-online.de",
		.smtp_port = 465,
		.smtp_tls = GW_TLS_IMPLICIT,
		.port = 993,
		.passwords = true,
		.connections = 3,
		.hint = "a password for mail programs, which is not the one of the login: E-Mail Center, Passw\303\266rter" },
	{ .name = "posteo",
		.source =
			"https://posteo.de/en/help/how-do-i-set-up-posteo-in-an-email-client-pop3-imap-and-smtp",
		.domains =
			"posteo.de posteo.net posteo.org posteo.eu posteo.at posteo.ch posteo.nl",
		.host = "posteo.de",
		.smtp_host = "posteo.de",
		.smtp_port = 465,
		.smtp_tls = GW_TLS_IMPLICIT,
		.port = 993,
		.passwords = true,
		.connections = 5,
		.hint = "the account's password" },
	{ .name = "zoho",
		.source = "https://www.zoho.com/mail/help/imap-access.html",
		.domains = "zoho.com zohomail.com",
		.host = "imap.zoho.com",
		.smtp_host = "smtp.zoho.com",
		.smtp_port = 465,
		.smtp_tls = GW_TLS_IMPLICIT,
		.port = 993,
		.passwords = true,
		.connections = 3,
		.hint = "IMAP has to be allowed first: Settings, Mail Accounts; with a second factor it wants an application-specific password. Accounts of a data centre or a domain have servers of their own (imap.zoho.eu, imappro.zoho.com): --set host=..." },
	{ .name = "runbox",
		.source = "https://help.runbox.com/email-program-settings/",
		.domains = "runbox.com",
		.mx = "runbox.com",
		.host = "mail.runbox.com",
		.smtp_host = "mail.runbox.com",
		.smtp_port = 465,
		.smtp_tls = GW_TLS_IMPLICIT,
		.port = 993,
		.passwords = true,
		.connections = 5,
		.hint = "the name to sign in with is what stands before the @; with a domain of your own, user%example.org" },
	{ .name = "migadu",
		.source = "https://www.migadu.com/guides/",
		.mx = "migadu.com",
		.host = "imap.migadu.com",
		.smtp_host = "smtp.migadu.com",
		.smtp_port = 465,
		.smtp_tls = GW_TLS_IMPLICIT,
		.port = 993,
		.passwords = true,
		.connections = 5,
		.hint = "the mailbox's own password" },
	{ .name = "yandex",
		.source = "https://yandex.com/support/mail/mail-clients/others.html",
		.domains = "yandex.com yandex.ru ya.ru yandex.by yandex.kz",
		.mx = "yandex.net yandex.ru",
		.host = "imap.yandex.com",
		.smtp_host = "smtp.yandex.com",
		.smtp_port = 465,
		.smtp_tls = GW_TLS_IMPLICIT,
		.port = 993,
		.passwords = true,
		.connections = 3,
		.hint = "IMAP has to be allowed first: Settings, Email clients; and it wants an app password (https://id.yandex.com/security/app-passwords)" },
	{ .name = "mail.ru",
		.source = "https://help.mail.ru/mail/mailer/popsmtp",
		.domains = "mail.ru inbox.ru list.ru bk.ru internet.ru",
		.mx = "mail.ru",
		.host = "imap.mail.ru",
		.smtp_host = "smtp.mail.ru",
		.smtp_port = 465,
		.smtp_tls = GW_TLS_IMPLICIT,
		.port = 993,
		.passwords = true,
		.connections = 3,
		.hint = "a password for an external application: https://account.mail.ru/user/2-step-auth/passwords" },
	{ .name = "qq",
		.source = "https://service.mail.qq.com",
		.domains = "qq.com foxmail.com",
		.host = "imap.qq.com",
		.smtp_host = "smtp.qq.com",
		.smtp_port = 465,
		.smtp_tls = GW_TLS_IMPLICIT,
		.port = 993,
		.passwords = true,
		.connections = 3,
		.hint = "IMAP has to be allowed first, and gives an authorization code, which is the password: Settings, Account" },
	{ .name = "163",
		.source = "https://help.mail.163.com",
		.domains = "163.com",
		.host = "imap.163.com",
		.smtp_host = "smtp.163.com",
		.smtp_port = 465,
		.smtp_tls = GW_TLS_IMPLICIT,
		.port = 993,
		.passwords = true,
		.connections = 3,
		.hint = "IMAP has to be allowed first, and gives an authorization code, which is the password: Settings, POP3/SMTP/IMAP" },
	{ .name = "126",
		.source = "https://help.mail.163.com",
		.domains = "126.com",
		.host = "imap.126.com",
		.smtp_host = "smtp.126.com",
		.smtp_port = 465,
		.smtp_tls = GW_TLS_IMPLICIT,
		.port = 993,
		.passwords = true,
		.connections = 3,
		.hint = "IMAP has to be allowed first, and gives an authorization code, which is the password: Settings, POP3/SMTP/IMAP" },
	{ .name = "aol",
		.source =
			"https://help.aol.com/articles/how-do-i-use-other-email-applications-to-send-and-receive-my-aol-mail",
		.domains = "aol.com aol.de aol.co.uk aim.com",
		.host = "imap.aol.com",
		.smtp_host = "smtp.aol.com",
		.smtp_port = 465,
		.smtp_tls = GW_TLS_IMPLICIT,
		.port = 993,
		.passwords = true,
		.connections = 3,
		.hint = "an app password: Account Security" },
};

enum { PROVIDERS = sizeof providers / sizeof *providers };

const struct provider *provider_named(const char *name)
{
	if (strcmp(name, "office365") == 0)
		name = "outlook";
	for (size_t i = 0; i < PROVIDERS; i++) {
		if (strcmp(providers[i].name, name) == 0)
			return &providers[i];
	}
	return NULL;
}

/* True if host is one of the domains, separated by spaces, or (below) under one. */
static bool is_among(const char *host, const char *domains, bool below)
{
	for (const char *p = domains == NULL ? "" : domains; *p != '\0'; p += strspn(p, " ")) {
		char word[80];
		size_t n = strcspn(p, " ");

		snprintf(word, sizeof word, "%.*s", (int)n, p);
		if (below ? server_is_within(host, word) : strcasecmp(host, word) == 0)
			return true;
		p += n;
	}
	return false;
}

const struct provider *provider_of_domain(const char *domain)
{
	for (size_t i = 0; i < PROVIDERS; i++) {
		if (is_among(domain, providers[i].domains, false))
			return &providers[i];
	}
	return NULL;
}

const struct provider *provider_of_mx(const char *host)
{
	for (size_t i = 0; i < PROVIDERS; i++) {
		if (is_among(host, providers[i].mx, true))
			return &providers[i];
	}
	return NULL;
}

const struct provider *provider_of_host(const char *host)
{
	for (size_t i = 0; i < PROVIDERS; i++) {
		if (!gw_is_loopback(host) && strcasecmp(providers[i].host, host) == 0)
			return &providers[i];
	}
	return NULL;
}

const char *provider_names(void)
{
	return "gmail, outlook (office365), fastmail, icloud, yahoo, gmx, gmx.com, mailbox.org, "
	       "proton, web.de, t-online, posteo, zoho, runbox, migadu, yandex, mail.ru, qq, 163, "
	       "126, aol";
}

const struct provider *provider_at(size_t i)
{
	return i < PROVIDERS ? &providers[i] : NULL;
}
