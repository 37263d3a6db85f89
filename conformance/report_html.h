/* index.html: results as one page that needs nothing else: no network, no framework.
 *
 * The page (report_html_page.html, which the build turns into report_html_page[]) draws itself
 * from the data that is put in place of its line @DATA@.
 */
#ifndef CONFORMANCE_REPORT_HTML_H
#define CONFORMANCE_REPORT_HTML_H

#include <stdio.h>

#include "conformance/matrix.h"
#include "conformance/report.h"

/* The lines of the page, then NULL. */
extern const char *const report_html_page[];

void report_html_write_matrix(const matrix *from, FILE *out);

#endif
