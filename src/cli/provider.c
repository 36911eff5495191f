/* cli/provider.c - see provider.h. */
#include "cli/provider.h"

#include "base/text.h"

#include <string.h>
#include <strings.h>

#define MICROSOFT "https://login.microsoftonline.com/common/oauth2/v2.0/"

static const struct provider providers[] = {
	{ .name = "gmail",
		.domains = "gmail.com googlemail.com",
		.host = "imap.gmail.com",
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
		.domains = "outlook.com hotmail.com live.com msn.com",
		.host = "outlook.office365.com",
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
		.domains = "fastmail.com fastmail.fm",
		.host = "imap.fastmail.com",
		.smtp_host = "smtp.fastmail.com",
		.smtp_port = 465,
		.smtp_tls = GW_TLS_IMPLICIT,
		.port = 993,
		.passwords = true,
		.connections = 5,
		.hint = "an app password: Settings, Privacy & Security" },
	{ .name = "icloud",
		.domains = "icloud.com me.com mac.com",
		.host = "imap.mail.me.com",
		.smtp_host = "smtp.mail.me.com",
		.smtp_port = 587,
		.smtp_tls = GW_TLS_STARTTLS,
		.port = 993,
		.passwords = true,
		.connections = 3,
		.hint = "an app-specific password: https://account.apple.com" },
	{ .name = "yahoo",
		.domains = "yahoo.com ymail.com rocketmail.com yahoo.co.uk yahoo.de yahoo.fr",
		.host = "imap.mail.yahoo.com",
		.smtp_host = "smtp.mail.yahoo.com",
		.smtp_port = 465,
		.smtp_tls = GW_TLS_IMPLICIT,
		.port = 993,
		.passwords = true,
		.connections = 3,
		.hint = "an app password: Account Security" },
	{ .name = "gmx",
		.domains = "gmx.net gmx.de gmx.at gmx.ch",
		.host = "imap.gmx.net",
		.smtp_host = "mail.gmx.net",
		.smtp_port = 465,
		.smtp_tls = GW_TLS_IMPLICIT,
		.port = 993,
		.passwords = true,
		.connections = 3,
		.hint = "IMAP has to be allowed first: Settings, POP3 & IMAP" },
	{ .name = "mailbox.org",
		.domains = "mailbox.org",
		.host = "imap.mailbox.org",
		.smtp_host = "smtp.mailbox.org",
		.smtp_port = 465,
		.smtp_tls = GW_TLS_IMPLICIT,
		.port = 993,
		.passwords = true,
		.connections = 5,
		.hint = "the account's password, or an application password" },
	{ .name = "proton",
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

const struct provider *provider_of_domain(const char *domain)
{
	size_t n = strlen(domain);

	for (size_t i = 0; i < PROVIDERS; i++) {
		for (const char *p = providers[i].domains; *p != '\0'; p += strspn(p, " ")) {
			size_t word = strcspn(p, " ");

			if (word == n && strncasecmp(p, domain, n) == 0)
				return &providers[i];
			p += word;
		}
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
	return "gmail, outlook (office365), fastmail, icloud, yahoo, gmx, mailbox.org, proton";
}
