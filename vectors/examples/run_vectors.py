#!/usr/bin/env python3
"""Runs every vector without waits against a server, with redis-py, and prints a verdict for each.
usage: run_vectors.py URL VECTORS [DIALECT]      as in run_vectors.py redis://localhost vectors redis-7.0
A consumer of docs/vector-format.md. The server is emptied, made to announce events, held to DIALECT or its own."""
import itertools, json, math, os, pathlib, re, sys, time
from collections import defaultdict
from redis.connection import ConnectionPool
try: from redis.connection import PythonParser
except ImportError: from redis._parsers import _RESP2Parser as PythonParser  # redis-py 5
Status, Error, PENDING = type("Status", (bytes,), {}), type("Error", (bytes,), {}), object()
class Parser(PythonParser):  # redis-py's own tells no status from a bulk, and cuts codes off errors
    def read_response(self, disable_decoding=False, **_):
        line = self._buffer.readline()
        kind, rest = line[:1], line[1:]
        if kind in b"-+": return (Error if kind == b"-" else Status)(rest)
        if kind == b":" or int(rest) < 0: return int(rest) if kind == b":" else None
        if kind == b"$": return self._buffer.read(int(rest))
        return [self.read_response() for _ in range(int(rest))]
FAMILIES, OPTIONAL_EVENTS = ("redis", "valkey", "redict"), {"new", "keymiss", "overwritten", "type_changed"}
def insert(value, row):  # a row of examples, wherever its columns are named
    if isinstance(value, dict): return {k: insert(v, row) for k, v in value.items()}
    if isinstance(value, list): return [insert(v, row) for v in value]
    if not isinstance(value, str): return value
    if value[:1] == "<" and value[1:-1] in row: return row[value[1:-1]]
    return re.sub("<([^<>]+)>", lambda m: str(row[m[1]]), value)
def load(root):
    for path in sorted(pathlib.Path(root).rglob("*.json")):
        if path.name == "rules.json" or path.parent.name == "schema": continue
        for vector in json.loads(path.read_text("utf-8"))["vectors"]:
            table = vector.pop("examples", {"columns": [], "rows": [None]})
            for row in table["rows"]:
                yield {**insert(vector, dict(zip(table["columns"], row))), "id": f"{vector['id']}.{row[0]}"} if row else vector
def version(text, missing): return tuple([*map(int, re.findall(r"\d+", text)), *[missing] * 3][:3])
def holds(scope, family, own):
    since, until = (scope.get(bound, {}).get(family) or "" for bound in ("since", "until"))
    return family in scope.get("only", FAMILIES) and version(since, 0) <= own <= version(until, math.inf)
def fill(text, world):  # the bytes that an argument or an expected text stands for
    if isinstance(text, dict): return bytes.fromhex(text["hex"])
    return re.sub(r"\{(?:(k\d*)|(\w+))([+-]\d+)?\}", lambda m: world["prefix"] + m[1] if m[1] else
                  str(world[m[2]] + int(m[3] or 0)), text).encode()
def matches(want, got, world, name, late):  # late: the milliseconds that may have passed since `at`
    form, of = next(iter(want.items())) if isinstance(want, dict) else ("plain", want)
    if form == "any-of": return any(matches(w, got, world, name, late) for w in of)
    if of is None or form in ("anything", "pending"): return form == "anything" or got is (PENDING if of else None)
    if form == "between": return isinstance(got, int) and int(of[0]) <= got <= int(of[1])
    if form == "integer" or isinstance(of, int):  # a boolean, too
        wanted = int(fill(of, world)) if form == "integer" else int(of)
        least, most = wanted - late * (name[-4:] == "PTTL"), wanted + late * (name[-11:] == "PEXPIRETIME")
        return isinstance(got, int) and (got == wanted or wanted > 0 and max(least, 0) <= got <= most)
    if form == "map": form, of, got = "set", list(of), got and [*map(list, zip(*[iter(got)] * 2))]
    if isinstance(of, list):
        if not isinstance(got, list) or len(got) != len(of): return False
        if form in ("plain", "push"):  # EXEC has a name for each part
            return all(matches(w, g, world, name[i] if isinstance(name, list) else name, late)
                       for i, (w, g) in enumerate(zip(of, got)))
        return not of or any(matches(of[0], g, world, name, late) and
                             matches({"set": of[1:]}, got[:i] + got[i + 1:], world, name, late)
                             for i, g in enumerate(got))
    kind, text = {"status": Status, "error": Error}.get(form, bytes), fill(want if form == "hex" else of, world)
    return type(got) is kind and (text in got if form == "contains" else got == text)
def ask(link, *words): return link.send_command(*words) or link.read_response()
def hear(link, control, waits):  # what a server has to say, it has said when it answers a second PING
    return PENDING if waits and [ask(control, "PING") for _ in "12"] and not link.can_read() else link.read_response()
def wait_for_second(control, world):  # T0; returns a moment of our own clock that is no later
    moments, seconds = [], []
    while seconds[:1] == seconds[-1:]:
        moments.append(time.monotonic())
        seconds.append(int(ask(control, "TIME")[0]))
    return world.update(t0=seconds[-1] * 1000, t0s=seconds[-1]) or moments[-2]
def announced(subscriber, named):  # a server sends its messages before it answers a later PING
    subscriber.send_command("PING")
    while (message := subscriber.read_response())[0] == b"pmessage":
        name, (database, key) = message[3].decode(), message[2].split(b"@", 1)[1].split(b"__:", 1)
        if name != "expired" and (name in named or name not in OPTIONAL_EVENTS): yield name, database, key
def attempt(vector, connect, control, spec, world):
    steps = [{**s, **next((f for f in s.get("for", []) if holds(f, *spec)), {})} for s in vector["steps"]]
    named, links, queued = {n for s in steps for e in s.get("events", []) for n in e}, defaultdict(connect), {}
    settings = [fill(n, world) for s in steps if s.get("do", [])[:2] == ["CONFIG", "SET"] for n in s["do"][2::2]]
    saved = [(name, told[1]) for name in settings if (told := ask(control, "CONFIG", "GET", name))]
    ask(control, "FLUSHALL")
    for classes in "KEAmnoc", "KEAmn", "KEAm", "KEA":  # an older server refuses those that it does not know
        if ask(control, "CONFIG", "SET", "notify-keyspace-events", classes) == b"OK": break
    ask(subscriber := connect(), "PSUBSCRIBE", f"__keyspace@*__:{world['prefix']}*")
    try:
        began = wait_for_second(control, world) if "{t0" in json.dumps(steps) else time.monotonic()
        for step in steps:
            on, name = step.get("await", step.get("on", "main")), step.get("do", ["await"])[0]
            if "do" in step: links[on].send_command(*[fill(a, world) for a in step["do"]])
            got = hear(links[on], control, step["reply"] == {"pending": True})
            if name.upper().endswith("SUBSCRIBE") and isinstance(got, list):  # answered once for each channel
                for _ in step["do"][2:]: got = links[on].read_response()
            late = math.ceil((time.monotonic() - began) * 1000)
            if isinstance(got, Status) and got == b"QUEUED": queued.setdefault(on, []).append(name)
            if name == "EXEC": name = queued.pop(on, [])
            seen = list(announced(subscriber, named))
            wanted = [(n, e.get("db"), fill(e[n], world)) for e in step.get("events", []) for n in e
                      if n not in ("db", "expired")]
            pairs = [(*s, *w) for s, w in itertools.zip_longest(seen, wanted, fillvalue=(None, None, None))]
            events_differ = any(a != d or c != f or e and b != fill(e, world) for a, b, c, d, e, f in pairs)
            if not matches(step["reply"], got, world, name, late) or "events" in step and events_differ: return False
        return True
    finally:
        for link in [subscriber, *links.values()]: link.disconnect()
        for name, value in saved: ask(control, "CONFIG", "SET", name, value)
def main(url, root, dialect=None):
    connect = ConnectionPool.from_url(url, parser_class=Parser).make_connection
    info = dict(re.findall(r"^(\w+)_version:(\S+)", ask(control := connect(), "INFO", "server").decode(), re.M))
    family, number = dialect.split("-") if dialect else next((f, info[f]) for f in reversed(FAMILIES) if f in info)
    spec, failed = (family, version(number, 0)), False
    for n, vector in enumerate(load(root)):
        if any("poll" in step or int(step.get("at", 0)) for step in vector["steps"]): continue
        world = {"prefix": f"py:{os.getpid()}:{n}:", "db": control.db, "db2": 0 if control.db else 1}
        lacks = set(vector.get("needs", [])) - {"exclusive-db", "databases"}
        verdict = "warning" if vector.get("level") == "should" else "fail"
        if lacks or not holds(vector, *spec): verdict = "skip"
        # Three times, for a deadline may pass while a right server is asked.
        elif any(attempt(vector, connect, control, spec, world) for _ in range(3)): verdict = "pass"
        failed = print(verdict, vector["id"]) or failed or verdict == "fail"
    return failed
if __name__ == "__main__": sys.exit(main(*sys.argv[1:]))
