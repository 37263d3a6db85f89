/* Globs over ids, which are words joined by dots: psetex.errors.zero.
 *
 *      *     any run of characters without a dot: one segment, or a part of one
 *      **    any run of characters, dots too; as a whole segment it also stands for no segment,
 *            so "pexpire.**" holds for pexpire.gt and "**.gt" for gt
 *
 * Every other character stands for itself; every string is a valid glob.
 */
#ifndef CONFORMANCE_GLOB_H
#define CONFORMANCE_GLOB_H

#include <stdbool.h>

bool glob_matches_id(const char *glob, const char *id);

#endif
