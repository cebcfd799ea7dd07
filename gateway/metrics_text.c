#include "gateway/metrics_text.h"

#include "base/buf.h"

void metrics_head(struct buf *buf, const char *name, const char *type, const char *help)
{
	buf_printf(buf, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void metrics_single(
	struct buf *buf, const char *name, const char *type, const char *help, double value)
{
	metrics_head(buf, name, type, help);
	buf_printf(buf, "%s %.17g\n", name, value);
}

void metrics_label(struct buf *buf, const char *name, const char *value)
{
	buf_printf(buf, "%s=\"", name);
	for (; *value != '\0'; value++) {
		if (*value == '\\' || *value == '"') {
			buf_append_char(buf, '\\');
		}
		buf_append_text(buf, *value == '\n' ? "\\n" : (char[]){ *value, '\0' });
	}
	buf_append_char(buf, '"');
}
