/*
 * providers.aws.sign_req: headers of AWS's Signature Version 4, as OPA makes them. A pure function:
 * nothing is sent.
 */
#include <stdio.h>
#include "base/buf.h"
#include "base/digest.h"
#include "base/encode.h"
#include "policy/builtin_json.h"
#include "policy/builtin_time.h"
#include "policy/builtin_uri.h"

struct signing {
	struct policy_context *context;
	const struct value *service, *access_key, *secret_key, *region, *token;
	const struct value *host, *path, *query, *method; /* of the request */
	const struct value *headers;                      /* as they came */
	char date[16], time[24];
	char content[2 * DIGEST_BYTES + 1]; /* hash of the body, or that it is not signed */
	struct builtin_members own;         /* headers that signing adds */
};

static const struct value *text(struct policy_context *context, const char *literal)
{
	return builtin_text(context, literal, strlen(literal));
}

/* A member that is a string; "" for any other. */
static const struct value *text_member(
	struct policy_context *context, const struct value *object, const char *name)
{
	const struct value *value = value_find(object, name);

	return value_is(value, VALUE_STRING) ? value : text(context, "");
}

static void put(struct signing *signing, struct buf *buf, const char *literal)
{
	builtin_append(signing->context, buf, literal, strlen(literal));
}

static void put_text(struct signing *signing, struct buf *buf, const struct value *value)
{
	builtin_append(signing->context, buf, value_text(value), value_size(value));
}

/* ---- what is given ---- */

/* The members that OPA knows of a request for http.send. */
static bool check_request(struct policy_context *context, const struct value *request)
{
	static const char *const known[] = { "method", "url", "body", "enable_redirect",
		"force_json_decode", "force_yaml_decode", "headers", "raw_body",
		"tls_use_system_certs", "tls_ca_cert", "tls_ca_cert_file",
		"tls_ca_cert_env_variable", "tls_client_cert", "tls_client_cert_file",
		"tls_client_cert_env_variable", "tls_client_key", "tls_client_key_file",
		"tls_client_key_env_variable", "tls_insecure_skip_verify", "tls_server_name",
		"timeout", "cache", "force_cache", "force_cache_duration_seconds", "raise_error",
		"caching_mode", "max_retry_attempts", "cache_ignored_headers" };

	for (size_t i = 0; i < value_count(request); i++) {
		const struct value *key = value_member_at(request, i)->key;
		bool found = false;
		policy_charge(context, 8);
		for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++) {
			found = found || (value_is(key, VALUE_STRING) &&
						 strcmp(value_text(key), known[k]) == 0);
		}
		if (!found) {
			builtin_error(context, "operand 1 has an invalid request parameter");
			return false;
		}
	}
	if (!value_is(value_find(request, "url"), VALUE_STRING) ||
		!value_is(value_find(request, "method"), VALUE_STRING)) {
		builtin_error(context, "operand 1 needs url and method, which are strings");
		return false;
	}
	const struct value *headers = value_find(request, "headers");
	if (headers != NULL && !value_is(headers, VALUE_OBJECT)) {
		builtin_error(context, "operand 1: headers must be object");
		return false;
	}
	return true;
}

static bool read_config(struct signing *signing, const struct value *config, bool *unsigned_body)
{
	static const char *const required[] = { "aws_service", "aws_access_key",
		"aws_secret_access_key", "aws_region" };
	const struct value *disable = value_find(config, "disable_payload_signing");

	for (size_t i = 0; i < 4; i++) {
		if (!value_is(value_find(config, required[i]), VALUE_STRING)) {
			builtin_error(signing->context,
				"operand 2 needs the AWS config parameter %s, a string",
				required[i]);
			return false;
		}
	}
	if (disable != NULL && !value_is(disable, VALUE_BOOL)) {
		builtin_error(signing->context,
			"invalid value for 'disable_payload_signing' in AWS config");
		return false;
	}
	*unsigned_body = disable != NULL && value_bool(disable);
	signing->service = value_find(config, required[0]);
	signing->access_key = value_find(config, required[1]);
	signing->secret_key = value_find(config, required[2]);
	signing->region = value_find(config, required[3]);
	signing->token = text_member(signing->context, config, "aws_session_token");
	return true;
}

static bool read_time(struct signing *signing, const struct value *number)
{
	int64_t ns;

	if (!value_int(number, &ns)) {
		builtin_error(signing->context,
			"operand 3 could not convert time_ns value into a unix timestamp");
		return false;
	}
	int64_t seconds = ns / NS_PER_SECOND - (ns % NS_PER_SECOND < 0);
	struct civil at = policy_civil_of(seconds);
	snprintf(signing->date, sizeof(signing->date), "%04d%02d%02d", (int)at.year, at.month,
		at.day);
	snprintf(signing->time, sizeof(signing->time), "%sT%02d%02d%02dZ", signing->date, at.hour,
		at.minute, at.second);
	return true;
}

static bool read_url(struct signing *signing, const struct value *url)
{
	struct policy_context *context = signing->context;
	const struct value *written;
	const struct value *parts = builtin_uri_go(context, span_of(url), &written);

	if (parts == NULL) {
		builtin_error(context, "operand 1: the url is none");
		return false;
	}
	signing->host = value_find(parts, "Host");
	signing->query = value_find(parts, "RawQuery");
	signing->path = value_find(parts, "RawPath");
	if (value_size(signing->path) == 0) {
		struct buf *buf = policy_buf(context, 0);
		builtin_uri_escape(context, buf, span_of(value_find(parts, "Path")), URI_PATH);
		signing->path = policy_text_of_buf(context, buf);
	}
	return true;
}

static void hex_digest(const uint8_t digest[DIGEST_BYTES], char text[2 * DIGEST_BYTES + 1])
{
	for (size_t i = 0; i < DIGEST_BYTES; i++) {
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	}
}

static void read_body(struct signing *signing, const struct value *request, bool unsigned_body)
{
	struct policy_context *context = signing->context;
	const struct value *raw = value_find(request, "raw_body");
	const struct value *body = value_find(request, "body");
	struct buf *buf = policy_buf(context, 0);
	uint8_t digest[DIGEST_BYTES];

	if (raw != NULL) {
		put_text(signing, buf, text_member(context, request, "raw_body"));
	} else if (body != NULL) {
		builtin_json_write(context, buf, body, NULL);
	}
	if (unsigned_body) {
		snprintf(signing->content, sizeof(signing->content), "UNSIGNED-PAYLOAD");
		return;
	}
	policy_charge_text(context, buf->size * 8);
	digest_sha256(buf_text(buf), buf->size, digest);
	hex_digest(digest, signing->content);
}

/* ---- headers ---- */

static void add_own_headers(struct signing *signing)
{
	struct policy_context *context = signing->context;
	const char *service = value_text(signing->service);

	builtin_members_add(context, &signing->own, text(context, "host"), signing->host);
	builtin_members_add(
		context, &signing->own, text(context, "x-amz-date"), text(context, signing->time));
	if (strcmp(service, "s3") == 0 || strcmp(service, "glacier") == 0) {
		builtin_members_add(context, &signing->own, text(context, "x-amz-content-sha256"),
			text(context, signing->content));
	}
	if (value_size(signing->token) > 0) {
		builtin_members_add(context, &signing->own, text(context, "x-amz-security-token"),
			signing->token);
	}
}

/* By lower-case name, in order: those that signing adds and those that came, but for three. */
static const struct value *headers_to_sign(struct signing *signing)
{
	struct policy_context *context = signing->context;
	struct builtin_members members = { 0 };

	for (size_t i = 0; i < signing->own.count; i++) {
		builtin_members_add(
			context, &members, signing->own.list[i].key, signing->own.list[i].value);
	}
	for (size_t i = 0; i < value_count(signing->headers); i++) {
		const struct value_member *header = value_member_at(signing->headers, i);
		const struct value *key =
			value_is(header->key, VALUE_STRING) ? header->key : text(context, "");
		const struct value *name = builtin_lower(context, &key);
		if (strcmp(value_text(name), "authorization") != 0 &&
			strcmp(value_text(name), "user-agent") != 0 &&
			strcmp(value_text(name), "x-amzn-trace-id") != 0) {
			builtin_members_add(context, &members, name,
				value_is(header->value, VALUE_STRING) ? header->value
								      : text(context, ""));
		}
	}
	return builtin_members_object(context, &members);
}

static const struct value *names_of(struct signing *signing, const struct value *headers)
{
	struct buf *buf = policy_buf(signing->context, 0);

	for (size_t i = 0; i < value_count(headers); i++) {
		put(signing, buf, i > 0 ? ";" : "");
		put_text(signing, buf, value_member_at(headers, i)->key);
	}
	return policy_text_of_buf(signing->context, buf);
}

/* ---- the signature ---- */

static const struct value *canonical_request(
	struct signing *signing, const struct value *headers, const struct value *names)
{
	struct buf *buf = policy_buf(signing->context, 0);
	const struct value *lines[] = { signing->method, signing->path, signing->query };

	for (size_t i = 0; i < 3; i++) {
		put_text(signing, buf, lines[i]);
		put(signing, buf, "\n");
	}
	for (size_t i = 0; i < value_count(headers); i++) {
		const struct value_member *header = value_member_at(headers, i);
		put_text(signing, buf, header->key);
		put(signing, buf, ":");
		put_text(signing, buf, header->value);
		put(signing, buf, "\n");
	}
	put(signing, buf, "\n");
	put_text(signing, buf, names);
	put(signing, buf, "\n");
	put(signing, buf, signing->content);
	return policy_text_of_buf(signing->context, buf);
}

static void sign(
	struct signing *signing, const struct value *request, char signature[2 * DIGEST_BYTES + 1])
{
	struct policy_context *context = signing->context;
	struct buf *buf = policy_buf(context, 0);
	struct buf *key = policy_buf(context, 1);
	uint8_t digest[DIGEST_BYTES];

	policy_charge_text(context, value_size(request) * 8 + 4096);
	digest_sha256(value_text(request), value_size(request), digest);
	hex_digest(digest, signature);
	put(signing, buf, "AWS4-HMAC-SHA256\n");
	put(signing, buf, signing->time);
	put(signing, buf, "\n");
	put(signing, buf, signing->date);
	put(signing, buf, "/");
	put_text(signing, buf, signing->region);
	put(signing, buf, "/");
	put_text(signing, buf, signing->service);
	put(signing, buf, "/aws4_request\n");
	put(signing, buf, signature);
	put(signing, key, "AWS4");
	put_text(signing, key, signing->secret_key);
	digest_hmac_sha256(buf_text(key), key->size, signing->date, strlen(signing->date), digest);
	digest_hmac_sha256(digest, sizeof(digest), value_text(signing->region),
		value_size(signing->region), digest);
	digest_hmac_sha256(digest, sizeof(digest), value_text(signing->service),
		value_size(signing->service), digest);
	digest_hmac_sha256(digest, sizeof(digest), "aws4_request", 12, digest);
	digest_hmac_sha256(digest, sizeof(digest), buf_text(buf), buf->size, digest);
	hex_digest(digest, signature);
}

static const struct value *authorization(struct signing *signing)
{
	const struct value *headers = headers_to_sign(signing);
	const struct value *names = names_of(signing, headers);
	char signature[2 * DIGEST_BYTES + 1];

	sign(signing, canonical_request(signing, headers, names), signature);
	struct buf *buf = policy_buf(signing->context, 0);
	put(signing, buf, "AWS4-HMAC-SHA256 Credential=");
	put_text(signing, buf, signing->access_key);
	put(signing, buf, "/");
	put(signing, buf, signing->date);
	put(signing, buf, "/");
	put_text(signing, buf, signing->region);
	put(signing, buf, "/");
	put_text(signing, buf, signing->service);
	put(signing, buf, "/aws4_request,SignedHeaders=");
	put_text(signing, buf, names);
	put(signing, buf, ",Signature=");
	put(signing, buf, signature);
	return policy_text_of_buf(signing->context, buf);
}

/* The request with the headers that came, the authorization, and those that signing adds. */
static const struct value *signed_request(struct signing *signing, const struct value *request)
{
	struct policy_context *context = signing->context;
	struct builtin_members headers = { 0 };
	struct builtin_members members = { 0 };

	for (size_t i = 0; i < value_count(signing->headers); i++) {
		const struct value_member *header = value_member_at(signing->headers, i);
		builtin_members_add(context, &headers,
			value_is(header->key, VALUE_STRING) ? header->key : text(context, ""),
			value_is(header->value, VALUE_STRING) ? header->value : text(context, ""));
	}
	builtin_members_add(
		context, &headers, text(context, "Authorization"), authorization(signing));
	for (size_t i = 0; i < signing->own.count; i++) {
		builtin_members_add(
			context, &headers, signing->own.list[i].key, signing->own.list[i].value);
	}
	for (size_t i = 0; i < value_count(request); i++) {
		const struct value_member *member = value_member_at(request, i);
		builtin_members_add(context, &members, member->key, member->value);
	}
	builtin_members_add(context, &members, text(context, "headers"),
		builtin_members_object(context, &headers));
	return builtin_members_object(context, &members);
}

const struct value *builtin_providers_aws_sign_req(
	struct policy_context *context, const struct value *const *args)
{
	struct signing signing = { .context = context };
	bool unsigned_body;

	if (!builtin_is(context, args, 0, VALUE_OBJECT) ||
		!builtin_is(context, args, 1, VALUE_OBJECT) ||
		!builtin_is(context, args, 2, VALUE_NUMBER) ||
		!read_config(&signing, args[1], &unsigned_body) || !read_time(&signing, args[2]) ||
		!check_request(context, args[0]) ||
		!read_url(&signing, value_find(args[0], "url"))) {
		return NULL;
	}
	signing.method = value_find(args[0], "method");
	signing.headers = value_find(args[0], "headers");
	read_body(&signing, args[0], unsigned_body);
	add_own_headers(&signing);
	return signed_request(&signing, args[0]);
}
