#!/usr/bin/env python3
"""Mutation score of the vectors: changes the engine's source in one place at a time, and looks whether
some vector fails on the changed engine in some dialect. Unit tests do not take part.

usage: scripts/mutants.py BUILD [--files GLOB]... [--sample N] [--seed N] [--jobs N] [--least PERCENT]
                          [--report FILE] [--again] [--list] [--stale FILE]

A mutant is one of: a comparison turned round or moved by one; another operator; an integer one higher
or lower; true for false; a returned value replaced; a statement left out. A mutant is killed when a
vector fails, or the run crashes or takes too long. Only the mutated file is compiled, with many of its
mutants in it at once, and linked with what BUILD holds and conformance/tests/mutant_runner.c. Only the
vectors that get to the mutated function are run, in the dialects in which they go another way than
in one before, and first the one that killed the mutant the last time, which BUILD/mutants.json
remembers. A mutant that does not compile, or gives the same machine
code, counts for nothing. One whose line no vector reaches is not run. Branches that only a lack of
memory reaches are not mutated: no vector can take memory away.

scripts/mutants.equivalent lists what no vector can show, with reasons; an entry that fits no mutant is
an error. --again runs only those that were not killed the last time, while vectors are written for
them: what comes of it goes into no report.

A report can be made in parts: a row of it is the last whole run of that file; of a file that BUILD has not
run the row that the report has already is kept. Each row says the digest of its file's source, and when and
with how many vectors it was run; one whose file has changed since is marked. --stale tells which rows of a
report are of other sources than those that are here.

Exit status: 0 when the score is PERCENT (95) or more, 1 below it, 2 when nothing could be run. Where no
files are named the score that counts is that of the commands on keys, and of deadlines; a sample is of those.
"""
import argparse, collections, concurrent.futures, datetime, fnmatch, functools, glob, hashlib, itertools, json, os, pathlib
import random, re, resource, shutil, subprocess, sys, tempfile, time

# The commands that work on keys, and deadlines: these are held to a score, and sampled.
CORE = ["blocked", "change", "cmd_bitfield", "cmd_bitop", "cmd_bits", "cmd_delete_if", "cmd_dump", "cmd_expire",
        "cmd_geo", "cmd_hash", "cmd_hash_ex", "cmd_hash_expire", "cmd_hash_walk", "cmd_hyperloglog", "cmd_keys", "cmd_lcs",
        "cmd_list", "cmd_list_places", "cmd_member_walk", "cmd_mset", "cmd_object", "cmd_pop", "cmd_set",
        "cmd_sort", "cmd_stream", "cmd_stream_claim", "cmd_stream_group", "cmd_stream_read", "cmd_string",
        "cmd_zset", "cmd_zstore", "copy", "db", "deadline", "due", "edit", "expire_options", "field_options",
        "hash", "object", "session", "set_options", "stream", "stream_call", "zrange"]
# What else a client can observe: of these it is only told what the vectors reach.
OTHERS = ["cmd_*", "command", "config", "event", "pubsub", "session", "subcommand"]
# Those that differ most from one another first: most mutants die on the first.
DIALECTS = ["redis-8.6", "redis-6.0", "valkey-9.1", "redis-7.0", "valkey-8.0", "redis-6.2", "redis-7.2",
            "redis-7.4", "redis-8.0", "redis-8.2", "valkey-8.1", "redict-7.3", "valkey-8.0.1"]
LIMIT_S, MEMORY = 60, 2 << 30
TOGETHER = 120 # mutants of a file that are built at once
RUNNER = "conformance/tests/mutant_runner.c"
WORTH_COUNTING = 100 # so many mutants, and it is known first which vectors get where
EQUIVALENT = pathlib.Path(__file__).with_name("mutants.equivalent")
CFLAGS = ["-fno-ipa-icf", "-std=c11", "-D_POSIX_C_SOURCE=200809L", "-Iengine/include", "-I.", "-w"]

TOKEN = re.compile(r"""(?P<skip>\s+|//[^\n]*|/\*.*?\*/|^[ \t]*\#(?:[^\n]*\\\n)*[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
    |(?P<number>\d\w*)|(?P<word>[A-Za-z_]\w*)
    |(?P<operator><<=|>>=|\.\.\.|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|.)""", re.S | re.M | re.X)

COMPARISONS = {"==": ["!="], "!=": ["=="], "<": ["<=", ">="], "<=": ["<", ">"], ">": [">=", "<="], ">=": [">", "<"]}
OPERATORS = {"&&": ["||"], "||": ["&&"], "++": ["--"], "--": ["++"], "+=": ["-="], "-=": ["+="], "*=": ["/="],
             "<<": [">>"], ">>": ["<<"]}
BINARY = {"+": ["-"], "-": ["+"], "*": ["/"], "/": ["*"], "%": ["*"], "&": ["|"], "|": ["&"]}
KEYWORDS = {"return", "break", "continue", "goto", "if", "else", "for", "while", "do", "switch", "case",
            "default", "static", "const", "struct", "enum", "typedef", "extern", "union", "sizeof"}


class Mutant:
    def __init__(self, path, source, start, end, text, place):
        self.path, self.start, self.end, self.text = path, start, end, text
        self.place, self.function = place, place.name if place else "" # the function that it is in
        self.number = 0
        self.line = source.count("\n", 0, start) + 1
        self.source = source[:start] + text + source[end:]
        before, after = source.split("\n"), self.source.split("\n")
        last = source.count("\n", 0, end)
        self.old = [line.strip() for line in before[self.line - 1:last + 1]]
        self.new = [line.strip() for line in after[self.line - 1:last + 1 + len(after) - len(before)]]
        self.key = "\n".join([path, *self.old, *self.new])
        self.verdict = self.by = self.last = None # the last: what killed it in an earlier run
        self.last_line = last + 1
        self.is_reached, self.vectors = True, "-"

    def look(self, lines, vectors):
        """Notes what runs its lines, and its function; a table counts as reached, by all functions of its file."""
        counts, span = lines.get(self.path, {}), range(self.line, self.last_line + 1)
        self.is_reached = max([counts[n] for n in span if n in counts], default=1) > 0
        self.vectors = vectors.get((self.path, self.function), "-")


@functools.cache
def source_of(path):
    """As it was when it was first looked at, whatever is written meanwhile."""
    return pathlib.Path(path).read_text("utf-8")


def tokens_of(source):
    return [(m.lastgroup, m[0], m.start(), m.end()) for m in TOKEN.finditer(source) if m.lastgroup != "skip"]


Function = collections.namedtuple("Function", "name result head parameters start body end")


def functions_of(source, tokens):
    """The functions of a file; start, body and end are places in the source."""
    found, depth, heads, current = [], 0, {}, None
    for m in re.finditer(r"^(?!typedef|#)([A-Za-z_][\w \*]*?)(\w+)\(([^;{}]*)\) \{$", source, re.M):
        heads[m.end() - 1] = m
    for _, text, start, end in tokens:
        if start in heads: current = heads[start]
        depth += (text == "{") - (text == "}")
        if depth == 0 and text == "}" and current:
            result = re.sub(r"\b(static|inline)\b", "", current[1]).strip()
            found.append(Function(current[2], result, current[1], current[3], current.start(), current.end() - 1, end))
            current = None
    return found


def function_at(source, tokens):
    """For each token the function whose body it is in, or None."""
    functions = functions_of(source, tokens)
    return [next((f for f in functions if f.body <= start < f.end), None) for _, _, start, _ in tokens]


def schemata(mutants):
    """One source with all of these mutants: each is a copy of its function, which the function goes to when the
    mutant is chosen. A mutant outside of functions is alone."""
    if mutants[0].place is None: return mutants[0].source
    source = source_of(mutants[0].path)
    text, at = ["extern int mutant_chosen;\n"], 0
    for function, group in itertools.groupby(mutants, key=lambda m: m.place):
        head = re.sub(r"\binline\b", "", function.head)
        names = [re.search(r"(\w+)\)?(\[\w*\])?$", p.strip())[1] for p in function.parameters.split(",")]
        arguments = "" if function.parameters == "void" else ", ".join(names)
        text += [source[at:function.start], f"{head}{function.name}({function.parameters});\n"]
        cases = []
        for m in group:
            name = f"{function.name}__{m.number}"
            text.append(f"static {head.replace('static', '')}{name}({function.parameters}) "
                        f"{m.source[function.body:function.end + len(m.text) - (m.end - m.start)]}\n")
            cases.append(f"case {m.number}: {name}({arguments}); return;" if function.result == "void"
                         else f"case {m.number}: return {name}({arguments});")
        text += [source[function.start:function.body + 1], f" switch (mutant_chosen) {{ {' '.join(cases)} }}"]
        at = function.body + 1
    return "".join([*text, source[at:]])


def side_by_side(mutants):
    """One source with a copy of each mutant's function, as it is and as the mutant has it, on the same lines."""
    source = source_of(mutants[0].path)
    text = [source]
    for function, group in itertools.groupby(mutants, key=lambda m: m.place):
        head = re.sub(r"\b(inline|static)\b", "", function.head)
        line = source.count("\n", 0, function.body) + 1
        original = (0, source[function.body:function.end])
        bodies = [(m.number, m.source[function.body:function.end + len(m.text) - (m.end - m.start)]) for m in group]
        text += [f'\n__attribute__((noinline, used)) {head}{function.name}__{number}({function.parameters})\n'
                 f"#line {line}\n{body}\n" for number, body in [original, *bodies]]
    return "".join(text)


def statements(tokens, functions):
    """Expression statements and jumps inside of functions: (first, last) token."""
    for i, (kind, text, _, _) in enumerate(tokens):
        if functions[i] is None or kind == "number" or i == 0: continue
        if tokens[i - 1][1] not in (";", "{", "}", ")", "else", ":", "do"): continue
        if tokens[i - 1][1] == "}" and text in (";", ",", ")"): continue
        if text in KEYWORDS and text not in ("return", "break", "continue"): continue
        if kind != "word" and text not in ("*", "++", "--", "("): continue
        depth, end = 0, i
        while end < len(tokens) and (tokens[end][1] != ";" or depth):
            depth += (tokens[end][1] in "([{") - (tokens[end][1] in ")]}")
            if depth < 0: break
            end += 1
        if depth or tokens[end][1] != ";": continue
        words = [t[1] for t in tokens[i:end]]
        if tokens[i - 1][1] == ")" and not guards(tokens, i - 1): continue
        if tokens[i - 1][1] == ":" and "?" in [t[1] for t in tokens[max(0, i - 30):i]] and text != "return": continue
        declares = kind == "word" and len(words) > 1 and (re.match(r"\w", words[1]) or words[1] == "*" and "=" in words
                                                           and words.index("=") == 3) and text != "return"
        if not declares: yield i, end


def guards(tokens, i):
    """Does this closing parenthesis end the head of an if, for or while?"""
    depth = 0
    while i >= 0:
        depth += (tokens[i][1] == ")") - (tokens[i][1] == "(")
        if depth == 0: return tokens[i - 1][1] in ("if", "for", "while")
        i -= 1
    return False


def lacks_memory(tokens, first, last):
    return any(t[1] == "TTL_NO_MEMORY" for t in tokens[first:last + 1])


def value_for(result, words):
    """What a function of this result returns instead."""
    if result == "bool": return f"!({words})"
    if result.endswith("*"): return "NULL"
    if re.fullmatch(r"(u?int\d+_t|size_t|int|unsigned|long long|ttl_status|(enum|const enum) \w+)", result): return "0"
    return None


def mutants_of(path):
    source = source_of(path)
    tokens = tokens_of(source)
    functions = function_at(source, tokens)
    covered = set()
    made = []

    def make(start, end, text, i):
        made.append(Mutant(path, source, start, end, text, functions[i]))

    for first, last in statements(tokens, functions):
        text = source[tokens[first][2]:tokens[last][2]]
        if text.startswith("RULE("): continue  # a mark is no code
        if lacks_memory(tokens, first, last) and text.startswith("return"):
            covered.update(range(first, last))
            continue
        is_last = tokens[last + 1][1] == "}" and functions[last + 1] is not None
        guarded = tokens[first - 1][1] in (")", "else")
        if not text.startswith("return") or guarded or functions[first].result == "void":
            make(tokens[first][2], tokens[last][3], ";", first)
        if text.startswith("return "):
            value = text[len("return "):]
            other = value_for(functions[first].result, value)
            if other and value not in ("true", "false", other) and not re.fullmatch(r"TTL_OK", value):
                make(tokens[first][2], tokens[last][3], f"return {other};", first)
    for i, (kind, text, start, end) in enumerate(tokens):
        if i in covered: continue
        spaced = source[start - 1] in " \n" and source[end:end + 1] in " \n"
        if kind == "operator":
            for other in COMPARISONS.get(text, []) + OPERATORS.get(text, []): make(start, end, other, i)
            if spaced and functions[i]:
                for other in BINARY.get(text, []): make(start, end, other, i)
            if text == "!": make(start, end, "", i)
        elif text in ("true", "false"):
            make(start, end, "false" if text == "true" else "true", i)
        elif kind == "number":
            declares = tokens[i - 1][1] == "[" and tokens[i + 1][1] == "]" and tokens[i - 3][0] == "word" \
                and tokens[i - 3][1] not in KEYWORDS and tokens[i - 2][0] == "word"
            value = re.fullmatch(r"(\d+)([uUlL]*)", text)
            if not value or declares: continue
            number = int(value[1])
            for other in {number + 1, max(number - 1, 0)} - {number}: make(start, end, f"{other}{value[2]}", i)
    unique = {}
    for mutant in made:
        if mutant.source != source: unique.setdefault(mutant.source, mutant)
    mutants = sorted(unique.values(), key=lambda m: (m.start, m.text))
    for number, mutant in enumerate(mutants, 1): mutant.number = number
    return mutants


class Bench:
    """Where mutants are built and run."""

    def __init__(self, build, place):
        self.build, self.place = build, place
        self.compiler = os.environ.get("CC", "cc").split()
        def libraries(*names):
            return subprocess.run(["pkg-config", "--libs", *names], check=True, capture_output=True, text=True).stdout.split()
        self.libraries = [*libraries("hiredis", "libcjson", "libuv", "lua5.1"), "-lm"]
        self.objects = sorted(glob.glob(f"{build}/obj/engine/*.o"))
        self.archives = [a for a in sorted(glob.glob(f"{build}/lib*.a")) if not a.endswith("/libttlspec.a")]
        self.codes = {}
        shutil.copytree("vectors", f"{place}/vectors") # as they are now, whatever is written meanwhile
        self.runner = f"{place}/mutant_runner.o"
        done = self.run(*self.compiler, *CFLAGS, "-O2", "-c", "-o", self.runner, RUNNER)
        if done is None or done.returncode != 0: sys.exit(f"mutants: {RUNNER} does not compile")

    def run(self, *words, seconds=LIMIT_S, cwd=None):
        def limit(): resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        try:
            return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=seconds,
                                  preexec_fn=limit, cwd=cwd, text=True, errors="replace")
        except subprocess.TimeoutExpired:
            return None

    def compile(self, source, place, level, path):
        # Under the name and in the place of the file that it stands for: its quoted headers are found.
        file = f"{place}/{pathlib.Path(path).name}"
        pathlib.Path(file).write_text(source, "utf-8")
        done = self.run(*self.compiler, *CFLAGS, "-iquote", str(pathlib.Path(path).parent), level, "-c",
                        "-o", file[:-1] + "o", file)
        return file[:-1] + "o" if done and done.returncode == 0 else None

    def code(self, source, place, path):
        object = self.compile(source, place, "-O2", path)
        if object is None: return None
        subprocess.run(["objcopy", "-R", ".comment", "-R", ".note*", object], check=True)
        return pathlib.Path(object).read_bytes()

    def is_same(self, mutant, place):
        """The compiler's word that it is equivalent. Asserts name their lines: those stay as they are."""
        if mutant.path not in self.codes:
            self.codes[mutant.path] = self.code(source_of(mutant.path), place, mutant.path)
        return self.code(mutant.source, place, mutant.path) == self.codes[mutant.path]

    def same(self, mutants, place):
        """Those of these, of one file, that the compiler makes the same code of as of the function that they are in."""
        inside = [m for m in mutants if m.place is not None]
        found = [m for m in mutants if m.place is None and self.is_same(m, place)]
        if not inside: return found
        object = self.compile(side_by_side(inside), place, "-O2", inside[0].path)
        if object is None: return found
        told = subprocess.run(["objdump", "-dr", "--no-show-raw-insn", "--no-addresses", object], check=True,
                              capture_output=True, text=True).stdout
        code = {}
        for block in re.split(r"\n\n", told):
            name = re.match(r"\s*<(\w+)__(\d+)>:\n", block)
            if name: code[name[1], int(name[2])] = block.replace(f"<{name[1]}__{name[2]}", f"<{name[1]}")
        return found + [m for m in inside if code.get((m.function, m.number), 0) == code.get((m.function, 0), 1)]

    def link(self, object, path, program):
        own = f"{self.build}/obj/{path[:-1]}o"
        others = [o for o in self.objects if o != own]
        done = self.run(*self.compiler, "-o", program, object, self.runner, *self.archives, *others, *self.libraries)
        return done is not None and done.returncode == 0

    def judge(self, mutants):
        """Of one file. Those that spoil the build of the others are named by the compiler, or else found by halving."""
        if not mutants: return
        with tempfile.TemporaryDirectory(dir=self.place) as place:
            path, program = mutants[0].path, f"{place}/mutants"
            object = self.compile(schemata(mutants), place, "-O0", path)
            if object and self.link(object, path, program):
                asked = [(m.number, m.last or "-", m.vectors) for m in mutants]
                for mutant, by in zip(mutants, self.killers(program, asked)):
                    mutant.verdict, mutant.by = "killed" if by else "survived", by
                for mutant in self.same([m for m in mutants if m.verdict == "survived"], place): mutant.verdict = "same"
                return
            spoilers = {int(number) for number in re.findall(r"In function .\w+__(\d+)\W", self.complaints(place, path))}
        if any(m.number in spoilers for m in mutants) and len(mutants) > 1:
            for m in mutants: m.verdict = "unbuilt" if m.number in spoilers else None
            return self.judge([m for m in mutants if m.number not in spoilers])
        half = len(mutants) // 2
        if half == 0: mutants[0].verdict = "unbuilt"
        else: self.judge(mutants[:half]), self.judge(mutants[half:])

    def complaints(self, place, path):
        done = self.run(*self.compiler, *CFLAGS, "-iquote", str(pathlib.Path(path).parent), "-fsyntax-only",
                        f"{place}/{pathlib.Path(path).name}")
        return done.stderr if done else ""

    def killers(self, program, asked):
        """For each number why and where it dies; None when all vectors pass in all dialects."""
        lines = "".join(f"{number} {last} {vectors}\n" for number, last, vectors in asked)
        told = subprocess.run([program, *DIALECTS], input=lines, capture_output=True, text=True, cwd=self.place)
        answers = [line.split(" ", 1)[1] for line in told.stdout.splitlines()]
        if len(answers) != len(asked): sys.exit(f"mutants: the runner broke: {told.stderr}")
        return [None if answer == "- -" else answer for answer in answers]

    def unchanged(self):
        """What fails on the engine as it is."""
        program = f"{self.place}/unchanged"
        done = self.run(*self.compiler, "-o", program, self.runner, *self.archives, *self.objects, *self.libraries)
        if done is None or done.returncode != 0: sys.exit("mutants: the engine cannot be linked: is it built?")
        return self.killers(program, [(0, "-", "-")])[0]

    def reach(self):
        """Looks how often each line runs, and which vectors get to each function, or with no name to any of a file:
        {path: {line: count}}, {(path, name): digits}."""
        place = f"{self.place}/reached"
        os.mkdir(place)
        objects = []
        for path in sorted(glob.glob("engine/*.c")):
            objects.append(f"{place}/{pathlib.Path(path).stem}.o")
            done = self.run(*self.compiler[-1:], *CFLAGS, "-O0", "--coverage", "-finstrument-functions", "-c",
                            "-o", objects[-1], path)
            if done is None or done.returncode != 0: sys.exit(f"mutants: {path} does not compile with --coverage")
        program = f"{place}/reached"
        self.run(*self.compiler[-1:], "--coverage", "-o", program, *objects, self.runner, *self.archives, *self.libraries)
        done = self.run(program, "--reach", *DIALECTS, seconds=100 * LIMIT_S, cwd=self.place)
        if done is None or done.returncode != 0: sys.exit("mutants: the engine fails when its lines are counted")
        told = subprocess.run(["gcov", "--stdout", "--json-format", *glob.glob(f"{place}/*.gcda")], check=True,
                              capture_output=True, text=True).stdout
        lines = {file["file"]: {line["line_number"]: line["count"] for line in file["lines"]}
                 for page in told.splitlines() for file in json.loads(page)["files"]}
        return lines, self.by_function(self.by_name(program, done.stdout))

    def by_name(self, program, told):
        """What --reach told, {name: digits}: functions of one name, in different files, count as one."""
        symbols = subprocess.run(["nm", program], check=True, capture_output=True, text=True).stdout
        places = [(int(at, 16), name) for at, _, name in (s.split() for s in symbols.splitlines() if s[0] != " ")]
        base = next(at for at, name in places if name == "tell_reached")
        names, vectors = {at - base: name for at, name in places}, collections.defaultdict(list)
        for line in told.splitlines():
            place, digits = line.split()
            vectors[names[int(place)]].append(digits)
        return {name: either(some) for name, some in vectors.items()}

    def by_function(self, vectors):
        found = {}
        for path in glob.glob("engine/*.c"):
            source = source_of(path)
            mine = {f.name: vectors[f.name] for f in functions_of(source, tokens_of(source)) if f.name in vectors}
            found.update({(path, name): digits for name, digits in mine.items()})
            if mine: found[path, ""] = either(list(mine.values()))
        return found


def either(vectors):
    """The vectors that are in any of these."""
    if len(vectors) == 1: return vectors[0]
    bits = 0
    for digits in vectors: bits |= int(digits, 16)
    return f"{bits:0{len(vectors[0])}x}"


def equivalents():
    """[(path, old lines, new lines, reason)]; without lines: [(path, function, None, reason)]."""
    entries = []
    if not EQUIVALENT.exists(): return entries
    for block in re.split(r"\n\s*\n", EQUIVALENT.read_text("utf-8").strip()):
        lines = [line for line in block.split("\n") if not line.startswith("#")]
        if not lines: continue
        old = tuple(line[2:].strip() for line in lines if line.startswith("- "))
        new = tuple(line[2:].strip() for line in lines if line.startswith("+ "))
        reason = " ".join(line[2:].strip() for line in lines if line.startswith("= "))
        if not reason: sys.exit(f"{EQUIVALENT}: {lines[0]} has no reason")
        path, _, function = lines[0].partition(": ")
        entries.append((path, old or function, new or None, reason))
    return entries


def mark_equivalents(mutants):
    for path, old, new, reason in equivalents():
        fitting = [m for m in mutants if m.path == path and
                   (m.function == old if new is None else (tuple(m.old), tuple(m.new)) == (old, new))]
        if not fitting and path in {m.path for m in mutants}:
            sys.exit(f"{EQUIVALENT}: fits no mutant: {path}: {old if new is None else ' / '.join(old + new)}")
        for mutant in fitting: mutant.verdict, mutant.by = "equivalent", reason


def digest(path): return hashlib.sha256(source_of(path).encode()).hexdigest()[:8]


class Memory:
    """BUILD/mutants.json: what killed each mutant the last time, and the last whole run of each file."""

    def __init__(self, build):
        self.file = pathlib.Path(build, "mutants.json")
        kept = json.loads(self.file.read_text("utf-8")) if self.file.exists() else {}
        self.kills, self.rows = kept.get("kills", {}), kept.get("rows", {})

    def recall(self, mutants, take_for_granted):
        for m in mutants:
            m.last = self.kills.get(m.key)
            if m.last and m.verdict is None and take_for_granted: m.verdict, m.by = "killed", m.last

    def remember(self, mutants):
        self.kills.update({m.key: m.by.split()[1] for m in mutants if m.verdict == "killed" and " " in m.by})
        self.write()

    def remember_run(self, mutants, vectors):
        """Of all mutants of a file."""
        path = mutants[0].path
        self.rows[path] = {"source": digest(path), "day": datetime.date.today().isoformat(), "vectors": vectors,
                           "verdicts": {m.number: [m.verdict, m.is_reached] for m in mutants}, "told": told_of(mutants)}
        self.write()

    def restore(self, path):
        """The mutants of the file as they were in its last run; None when it was another file then."""
        row = self.rows.get(path)
        if row is None or row["source"] != digest(path): return None
        mutants = mutants_of(path)
        mark_equivalents(mutants)
        for m in mutants:
            then, m.is_reached = row["verdicts"].get(str(m.number), (None, True))
            if m.verdict is None: m.verdict = then
        return mutants if all(m.verdict not in (None, "equivalent") or m.by for m in mutants) else None

    def tell(self, path):
        """What is to be told of the file's last run, and that run; None when there was none."""
        if path not in self.rows: return None
        mutants = self.restore(path)
        return told_of(mutants) if mutants else self.rows[path]["told"], self.rows[path]

    def write(self):
        new = self.file.with_suffix(".new")
        new.write_text(json.dumps({"kills": self.kills, "rows": self.rows}, indent=0), "utf-8")
        os.replace(new, self.file)


def core_of(mutants): return [m for m in mutants if pathlib.Path(m.path).stem in CORE]


def groups_of(mutants):
    """What is built together: mutants of one file, each of those outside of functions alone."""
    for (path, alone), some in itertools.groupby(mutants, key=lambda m: (m.path, m.start if m.place is None else -1)):
        some = list(some)
        size = 1 if alone >= 0 else TOGETHER
        for i in range(0, len(some), size): yield some[i:i + size]


def count(mutants, *verdicts): return sum(m.verdict in verdicts for m in mutants)


def score(mutants):
    decided = count(mutants, "killed", "survived")
    return 100.0 if decided == 0 else 100.0 * count(mutants, "killed") / decided


def diff(mutant):
    where = "" if mutant.is_reached else ": no vector gets here"
    return "\n".join([f"{mutant.path}:{mutant.line} ({mutant.function}){where}", "```diff",
                      *[f"- {line}" for line in mutant.old], *[f"+ {line}" for line in mutant.new], "```", ""])


def told_of(mutants):
    """What a report says of them."""
    reasons = {}
    for m in mutants:
        if m.verdict == "equivalent": reasons.setdefault(m.by, []).append(m.function or "a table")
    return {"counts": collections.Counter(m.verdict for m in mutants), "reasons": reasons,
            "survivors": [diff(m) for m in mutants if m.verdict == "survived"]}


def kept(page, path):
    """What the page tells of a file's last run, as Memory.tell; None when it tells nothing of it."""
    cell = r" \| (\d+)"
    row = re.search(rf"^\| {re.escape(path)}[ *]* \| \d+{cell * 3} \| [\d.]+ % \| (\w{{8}}) \| ([\d-]+) \| (\d+) \|$", page, re.M)
    if row is None: return None
    killed, survived, equivalent = (int(row[i]) for i in (1, 2, 3))
    survivors = re.findall(rf"^{re.escape(path)}:\d+ \([^\n]*\n```diff\n.*?\n```\n", page, re.M | re.S)
    reasons = {}
    for functions, count, reason in re.findall(rf"^- {re.escape(path)}, (.*?) \((\d+)\): (.*)$", page, re.M):
        listed = functions.split(", ")
        reasons[reason] = listed + listed[:1] * (int(count) - len(listed))
    counts = {"killed": killed, "survived": survived, "equivalent": equivalent}
    return {"counts": counts, "reasons": reasons, "survivors": survivors}, {"source": row[4], "day": row[5], "vectors": int(row[6])}


def report(memory, names, page):
    """Of the last whole run of each file: of those that were run elsewhere what the page told before."""
    paths = [f"engine/{name}.c" for name in sorted(names)]
    found = {path: told for path in paths if (told := memory.tell(path) or kept(page, path))}
    def total(some): return sum((collections.Counter(told["counts"]) for told, _ in some), collections.Counter())
    def is_changed(path): return found[path][1]["source"] != digest(path)
    lines = ["# Mutation score of the vectors", "",
             "Each mutant is the engine with one place of its source changed. It is killed when a vector fails",
             "on it in some dialect that the vector claims. Unit tests do not count. `make mutants` makes this",
             "page; how, is said in `scripts/mutants.py`.", "",
             "Each row is a whole run of its file, on the day and with the number of vectors that it says; rows of",
             "different runs stand side by side. The digest is that of the source which was run. Where a * stands,",
             "the file has changed between that run and the making of this page. Which have changed since then,",
             "`scripts/mutants.py build --stale reports/mutants.md` tells.", "",
             "| file | mutants | killed | survived | equivalent | score | source | run | vectors |",
             "| --- | ---: | ---: | ---: | ---: | ---: | --- | --- | ---: |"]
    def row(name, counts, *run):
        killed, survived, equivalent = counts["killed"], counts["survived"], counts["equivalent"]
        percent = 100.0 * killed / (killed + survived) if killed + survived else 100.0
        return (f"| {name} | {killed + survived + equivalent} | {killed} | {survived} | {equivalent} | {percent:.1f} % | "
                f"{' | '.join(run or ['', '', ''])} |")
    for path, one in found.items():
        run = one[1]
        lines.append(row(path + (" *" if is_changed(path) else ""), total([one]), run["source"], run["day"], str(run["vectors"])))
    core = [one for path, one in found.items() if pathlib.Path(path).stem in CORE]
    if len(core) < len(found): lines.append(row("commands on keys, and deadlines", total(core)))
    every = total(found.values())
    lines += [row("together", every), "", f"Beside them at least {every['unbuilt']} did not compile, and {every['same']} gave the same "
              "machine code.", ""]
    left_out = [path for path in paths if path not in found]
    if left_out: lines += [f"Nothing is said of {', '.join(left_out)}: never run.", ""]
    lines += ["## Survivors", ""] + ([text for told, _ in found.values() for text in told["survivors"]] or ["None.", ""])
    lines += ["## Equivalent", "", "What no vector can show, from `scripts/mutants.equivalent`.", ""]
    lines += [f"- {path}, {', '.join(sorted(set(functions)))} ({len(functions)}): {reason}"
              for path, (told, _) in found.items() for reason, functions in told["reasons"].items()] or ["None."]
    return "\n".join(lines) + "\n"


def stale_rows(file, names):
    """What the report says nothing of, or says of another source."""
    told = dict(re.findall(r"^\| (engine/\w+\.c)[ *]* \|.*\| (\w{8}) \| [\d-]+ \| \d+ \|$", file.read_text("utf-8"), re.M))
    return [f"engine/{name}.c" for name in names if told.get(f"engine/{name}.c") != digest(f"engine/{name}.c")]


def parse():
    parser = argparse.ArgumentParser(description="Mutation score of the vectors.")
    parser.add_argument("build")
    parser.add_argument("--files", action="append", help="glob of engine files, without engine/ and .c")
    parser.add_argument("--sample", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--least", type=float, default=95)
    parser.add_argument("--report")
    parser.add_argument("--again", action="store_true", help="take the kills of the last run for granted")
    parser.add_argument("--list", action="store_true", help="print the mutants and run none")
    parser.add_argument("--stale", metavar="FILE", help="print the files that this report is not of, and run none")
    return parser.parse_args()


def run(mutants, arguments, memory):
    """Decides those that are not; a message when the engine itself fails."""
    began, is_whole = time.monotonic(), not arguments.sample and not arguments.again
    told = subprocess.run([f"{arguments.build}/ttlspec", "list", "--summary"], check=True, capture_output=True, text=True)
    vectors = int(told.stdout.split()[0])
    with tempfile.TemporaryDirectory(prefix="mutants-") as place:
        bench = Bench(arguments.build, place)
        fails = bench.unchanged()
        if fails: return fails
        todo = [m for m in mutants if m.verdict is None]
        if len(todo) > WORTH_COUNTING:
            reached = bench.reach()
            for m in todo: m.look(*reached)
        for m in todo:
            if not m.is_reached:
                m.verdict = "survived"
                print(diff(m), flush=True)
        groups = list(groups_of([m for m in todo if m.is_reached]))
        with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
            judged = {pool.submit(bench.judge, group): group for group in groups}
            for done_one in concurrent.futures.as_completed(judged):
                done_one.result()
                group = judged[done_one]
                memory.remember(group)
                mine = [m for m in mutants if m.path == group[0].path]
                if is_whole and all(m.verdict for m in mine): memory.remember_run(mine, vectors)
                done = sum(m.verdict is not None for m in todo)
                print(f"{done} of {len(todo)}, {score(mutants):.1f} %, {time.monotonic() - began:.0f} s: "
                      f"{group[0].path}", flush=True)
                for m in group:
                    if m.verdict == "survived": print(diff(m), flush=True)


def main():
    arguments = parse()
    names = sorted(pathlib.Path(p).stem for p in glob.glob("engine/*.c"))
    every = [n for n in names if any(fnmatch.fnmatch(n, g) for g in CORE + OTHERS)]
    if arguments.stale:
        stale = stale_rows(pathlib.Path(arguments.stale), every)
        print("\n".join(stale)) if stale else None
        return 1 if stale else 0
    wanted = arguments.files or (CORE if arguments.sample else CORE + OTHERS)
    chosen = [n for g in wanted for n in names if fnmatch.fnmatch(n, g)]
    chosen = list(dict.fromkeys(chosen)) # in the order in which they were named
    mutants = [m for n in chosen for m in mutants_of(f"engine/{n}.c")]
    mark_equivalents(mutants)
    if arguments.list:
        for m in mutants: print(diff(m))
        return 0
    memory = Memory(arguments.build)
    memory.recall(mutants, arguments.again)
    if arguments.sample:
        mutants = [m for m in mutants if m.verdict is None]
        mutants = random.Random(arguments.seed).sample(mutants, min(arguments.sample, len(mutants)))
    fails = run(mutants, arguments, memory)
    if fails:
        print(f"mutants: nothing can be said while the engine itself fails: {fails}", file=sys.stderr)
        return 2
    if count(mutants, "killed", "survived") == 0:
        print("mutants: none could be built and run", file=sys.stderr)
        return 2
    if arguments.report:
        file = pathlib.Path(arguments.report)
        page = file.read_text("utf-8") if file.exists() else ""
        file.write_text(report(memory, every, page), "utf-8")
    print(f"{count(mutants, 'killed')} killed, {count(mutants, 'survived')} survived, {count(mutants, 'equivalent')} "
          f"equivalent, {count(mutants, 'unbuilt', 'same')} of no account: {score(mutants):.1f} %")
    held = mutants if arguments.files else core_of(mutants)
    return 0 if score(held) >= arguments.least else 1


if __name__ == "__main__":
    sys.exit(main())
