/*
 * The preset dictionary of payload format 1: words that payloads are made of, in the order and with
 * the punctuation in which canonical JSON has them. What comes last is nearest and cheapest to
 * refer to.
 *
 * It is part of the format: payloads that were written with it cannot be read without it. Never
 * change a byte; a better dictionary is a new format (payload.c).
 */
#include "journal/deflate.h"

const char journal_dictionary_1[] =
	/* seldom: errors, deliveries, other resources */
	"\"status\":\"scimType\":\"uniqueness\"\"detail\":\"error\"\"policy.undefined\"\"policy."
	"invalid\""
	"\"policy.conflict\"\"policy.builtin\"\"policy.budget\"\"leaver.not_held\"\"attempts\":"
	"\"remote\":"
	"\"applied\"\"superseded\"\"parked\"\"delivered\"\"deactivate\"\"replace\"\"delete\"\"creat"
	"e\""
	"\"approval\":{\"approvers\":[\"expires_s\":259200,\"groups\":[\"security\"],\"min\":1}"
	"\"obligations\":[{\"op\":\"replace\",\"path\":\"\",\"value\":\"add\"\"remove\"}],"
	"\"stored\":{"
	"\"groups.display\"\"x509Certificates\":[\"photos\":[{\"ims\":[{\"entitlements\":[{"
	"\"roles\":[{"
	"\"display\":\"profileUrl\":\"https://\"nickName\":\"\"middleName\":\"honorificPrefix\":\""
	"honorificSuffix\":\"urn:scimward:params:scim:schemas:extension:person:2.0:User\":{"
	"\"endDate\":"
	"\"T00:00:00Z\",\"kind\":\"employee\",\"contractor\",\"service\",\"sponsor\":{\"value\":\""
	"\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:Group\"],\"displayName\":\""
	"\"members\":{\"added\":[{\"groups\":[{\"display\":\"\",\"id\":\"\"}],\"id\":\"\",\"type\":"
	"\"User\","
	"\"user\":{\"before\":{\"entry\":\"with\":{\"externalId\":\"\"count_after\":\"count_"
	"before\":"
	"\"removed\":[],\"slice\":{\"index\":0,\"of\":1}},\"dialect\":\"okta\"\"standard\"\"kind\":"
	"\"hr\""
	"\"workday\"\"okta\",\"roster\"\"admin\"\"job\"\"source.denied\"\"rail.mass_removal\"\"sod."
	"\""
	"\"protected.account\"\"email.domain\"\"required.attribute\"\"privileged.group\"\"effect\":"
	"\"deny\""
	"\"effect\":\"hold\"\"patch\"\"created\":\"\"lastModified\":\"\"location\":"
	"\"\"resourceType\":\""
	"\"version\":\"W/"
	"\\\"\"meta\":{\"false\"\"true\"\"country\":\"US\",\"DE\"\"GB\"\"FR\"\"formatted\":"
	"\"America/New_York\"\"Europe/Berlin\"\"Europe/"
	"London\"\"en-US\"\"en-GB\"\"de-DE\"\"fr-FR\"\"other\""
	"@gmail.com\"\".onmicrosoft.com\"Manager\"Director\"Engineer\"Senior \"Software \"Analyst\""
	"Sales\"Marketing\"Finance\"Human "
	"Resources\"Engineering\"Operations\"Legal\"Support\"Security\"IT\""
	/* the list of changed paths, as a create has it */
	"\"changes\":[\"active\",\"addresses\",\"displayName\",\"emails\",\"externalId\","
	"\"locale\","
	"\"name.familyName\",\"name.formatted\",\"name.givenName\",\"nickName\",\"phoneNumbers\","
	"\"preferredLanguage\",\"timezone\",\"title\","
	"\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:costCenter\","
	"\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department\","
	"\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:division\","
	"\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber\","
	"\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value\","
	"\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:organization\","
	"\"userName\",\"userType\"],"
	"{\"after\":false,\"before\":true,\"path\":\"active\"}],{\"after\":\"\",\"path\":\""
	/* a whole payload of a patch, from its beginning to its end */
	"{\"before\":{\"entry\":1,\"with\":{\"externalId\":\"\",\"id\":\"\"}},"
	"{\"input\":{\"actor\":{\"id\":\"entra\",\"type\":\"source\"},\"after\":{\"active\":true,"
	"\"addresses\":[{"
	"\"country\":\"\",\"formatted\":\"\",\"locality\":\"\",\"postalCode\":\"\",\"primary\":"
	"true,\"region\":\"\","
	"\"streetAddress\":\"\",\"type\":\"work\"}],\"displayName\":\"\",\"emails\":[{\"primary\":"
	"true,"
	"\"type\":\"work\",\"value\":\"@example.com\"},{\"type\":\"home\",\"value\":\"\"}],"
	"\"externalId\":\"\","
	"\"id\":\"\",\"locale\":\"en-US\",\"name\":{\"familyName\":\"\",\"formatted\":\"\","
	"\"givenName\":\"\"},"
	"\"phoneNumbers\":[{\"type\":\"work\",\"value\":\"+1-555-\"},{\"type\":\"mobile\","
	"\"value\":\"+49 \"}],"
	"\"preferredLanguage\":\"en-US\",\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:"
	"User\","
	"\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\"],\"timezone\":\"America/"
	"Los_Angeles\","
	"\"title\":\"\",\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\":{"
	"\"costCenter\":\"\","
	"\"department\":\"\",\"division\":\"\",\"employeeNumber\":\"\",\"manager\":{"
	"\"displayName\":\"\","
	"\"value\":\"\"},\"organization\":\"\"},\"userName\":\"\",\"userType\":\"Employee\"},"
	"\"changes\":["
	"\"title\"],\"groups\":[{\"count\":1,\"display\":\"\",\"id\":\"\"}],\"id\":\"\",\"mode\":"
	"\"enforce\","
	"\"operation\":\"patch\",\"origin\":{\"source\":\"entra\"},\"rate\":{\"deactivations\":{"
	"\"population\":1,"
	"\"recent\":0,\"this\":0,\"window_s\":3600},\"removals\":{\"population\":1,\"recent\":0,"
	"\"this\":0,"
	"\"window_s\":3600}},\"request\":{\"id\":\"\",\"ip\":\"10.0.0.1\",\"user_agent\":\"Mozilla/"
	"5.0 "
	"(compatible; "
	"AzureAD-SCIM/1.0)\"},\"resource_type\":\"User\",\"source\":{\"dialect\":\"entra\","
	"\"kind\":\"idp\",\"name\":\"entra\"},\"tenant\":\"default\",\"time\":\"2026-\","
	"\"version\":1},"
	"\"output\":{\"effect\":\"allow\",\"reasons\":[{\"code\":\"\",\"message\":\"\"}]},"
	"\"subject\":{\"userName\":\"\"}}";

const size_t journal_dictionary_1_size = sizeof(journal_dictionary_1) - 1;

/* Code lengths, one hexadecimal digit each. Made by tests/journal/codes.py. */
const char journal_literal_bits_1[] =
	"ffffffffffffffffffffffffffffffff5c8ccccccccc856c5555555555accccc9999a9baac9ba9ab"
	"9ca8a9bbbcbcc9cbc566656997a968767c7777aac79cc7cfabbbb9bcccbcbcacbccbcbcbbccccbca"
	"bbccbccbcbcbbacbaaaabbcababaaaaaffe9dddddddddd898bdddddd99dddddddcddbcccbcdddddd"
	"dddddfffffffffff8c56666776668667867778a8a9accc";

const char journal_distance_bits_1[] = "aaaaaa89968769657554224437aaaa";
