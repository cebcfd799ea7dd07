"""The dialects of the program, but for the strict one."""

DIALECTS = ["entra", "okta", "google", "ping", "onelogin", "jumpcloud", "keycloak", "sailpoint", "workday"]
