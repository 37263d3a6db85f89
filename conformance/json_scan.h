/* The scanner behind json.h: one walk over the text, strict where cJSON is lenient. */
#ifndef CONFORMANCE_JSON_SCAN_H
#define CONFORMANCE_JSON_SCAN_H

#include "conformance/json.h"

/* Fills the places of the document. False: the text is not JSON; `problems` says where. */
bool json_scan(json_document *document, const char *text, size_t length, problem_list *problems);

#endif
