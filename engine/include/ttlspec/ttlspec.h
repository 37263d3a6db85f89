/* libttlspec: the reference engine of ttlspec, all public headers at once. */
#ifndef TTLSPEC_TTLSPEC_H
#define TTLSPEC_TTLSPEC_H

#include "ttlspec/bytes.h"
#include "ttlspec/dialect.h"
#include "ttlspec/engine.h"
#include "ttlspec/instant.h"
#include "ttlspec/memory.h"
#include "ttlspec/reply.h"
#include "ttlspec/scripting.h"

#endif
