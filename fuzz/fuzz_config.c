/*
 * The configuration from arbitrary bytes: it loads or it is refused with at least one problem, and
 * what is shown of it can be printed. References are not read (no folder).
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "config/config.h"
#include "config/load.h"
#include "config/show.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config_report report = { 0 };
	struct buf buf = { 0 };
	struct config *config = config_parse("fuzz.yaml", NULL, (const char *)data, size, &report);

	if (config != NULL) {
		assert(report.count == 0);
		config_show(config, true, &buf);
		config_show_json(config, &buf);
	} else {
		assert(report.count > 0);
		config_report_print(&report, &buf, true);
		config_report_error(&report, NULL);
	}
	config_free(config);
	config_report_fini(&report);
	buf_fini(&buf);
	return 0;
}
