#!/usr/bin/env python3
"""Mutation score of the vectors: changes the engine's source in one place at a time, and looks whether
some vector fails on the changed engine in some dialect. Unit tests do not take part.

usage: scripts/mutants.py BUILD [--files GLOB]... [--sample N] [--seed N] [--jobs N] [--least PERCENT]
                          [--report FILE] [--again] [--list]

A mutant is one of: a comparison turned round or moved by one; another operator; an integer one higher
or lower; true for false; a returned value replaced; a statement left out. A mutant is killed when a
vector fails, or the run crashes or takes too long. Only the mutated file is compiled, with many of its
mutants in it at once, and linked with what BUILD holds and conformance/tests/mutant_runner.c. A mutant
that does not compile, or gives the same machine code, counts for nothing. One whose line no vector
reaches is not run. Branches that only a lack of memory reaches are not mutated: no vector can take memory away.

scripts/mutants.equivalent lists what no vector can show, with reasons; an entry that fits no mutant is
an error. --again runs only those that were not killed the last time: while vectors are written for them.
Exit status: 0 when the score is PERCENT (95) or more, 1 below it, 2 when nothing could be run. Where no
files are named the score that counts is that of the commands on keys, and of deadlines; a sample is of those.
"""
import argparse, collections, concurrent.futures, fnmatch, glob, itertools, json, os, pathlib, random, re, resource, subprocess
import sys, tempfile, time

# The commands that work on keys, and deadlines: these are held to a score, and sampled.
CORE = ["cmd_expire", "cmd_hash", "cmd_keys", "cmd_list", "cmd_set", "cmd_string", "cmd_zset", "db", "deadline",
        "edit", "object", "set_options", "zrange"]
# What else a client can observe: of these it is only told what the vectors reach.
OTHERS = ["cmd_*", "command", "config", "event", "pubsub", "session", "subcommand"]
# Those that differ most from one another first: most mutants die on the first.
DIALECTS = ["redis-8.6", "redis-6.0", "valkey-9.1", "redis-7.0", "valkey-8.0", "redis-6.2", "redis-7.2",
            "redis-7.4", "redis-8.0", "redis-8.2", "valkey-8.1", "redict-7.3"]
# Most mutants fall to the vectors of a few steps; the long tables are loaded for those that do not.
LONG_TABLES = {"03-numbers.json", "06-expire-options.json", "25-matrix.json"}
LIMIT_S, MEMORY = 60, 2 << 30
TOGETHER = 60 # mutants of a file that are built at once
RUNNER = "conformance/tests/mutant_runner.c"
WORTH_COUNTING = 200 # so many mutants, and it is known first which lines no vector reaches
EQUIVALENT = pathlib.Path(__file__).with_name("mutants.equivalent")
CFLAGS = ["-std=c11", "-D_POSIX_C_SOURCE=200809L", "-Iengine/include", "-I.", "-w"]

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
        self.verdict = self.by = None
        self.last_line = last + 1
        self.is_reached = self.is_in_long = True

    def look(self, short, long):
        """Notes what runs its lines; tables have none, and count as reached."""
        def is_in(counts): return max([counts[n] for n in span if n in counts], default=1) > 0
        span = range(self.line, self.last_line + 1)
        self.is_in_long = is_in(long.get(self.path, {}))
        self.is_reached = self.is_in_long or is_in(short.get(self.path, {}))


def tokens_of(source):
    return [(m.lastgroup, m[0], m.start(), m.end()) for m in TOKEN.finditer(source) if m.lastgroup != "skip"]


Function = collections.namedtuple("Function", "name result head parameters start body end")


def functions_of(source, tokens):
    """The functions of a file; start, body and end are places in the source."""
    found, depth, heads, current = [], 0, {}, None
    for m in re.finditer(r"^(?!static const|typedef|#)([A-Za-z_][\w \*]*?)(\w+)\(([^;{}]*)\) \{$", source, re.M):
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
    source = pathlib.Path(mutants[0].path).read_text("utf-8")
    text, at = ["extern int mutant_chosen;\n"], 0
    for function, group in itertools.groupby(mutants, key=lambda m: m.place):
        head = re.sub(r"\binline\b", "", function.head)
        names = [re.search(r"(\w+)(\[\w*\])?$", p.strip())[1] for p in function.parameters.split(",")]
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
    source = pathlib.Path(path).read_text("utf-8")
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
        self.long = sorted(LONG_TABLES)
        self.same = {}
        self.runner = f"{place}/mutant_runner.o"
        done = self.run(*self.compiler, *CFLAGS, "-O2", "-c", "-o", self.runner, RUNNER)
        if done is None or done.returncode != 0: sys.exit(f"mutants: {RUNNER} does not compile")

    def run(self, *words, seconds=LIMIT_S):
        def limit(): resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        try:
            return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=seconds,
                                  preexec_fn=limit, text=True, errors="replace")
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
        if mutant.path not in self.same:
            self.same[mutant.path] = self.code(pathlib.Path(mutant.path).read_text("utf-8"), place, mutant.path)
        return self.code(mutant.source, place, mutant.path) == self.same[mutant.path]

    def link(self, object, path, program):
        own = f"{self.build}/obj/{path[:-1]}o"
        others = [o for o in self.objects if o != own]
        done = self.run(*self.compiler, "-o", program, object, self.runner, *self.archives, *others, *self.libraries)
        return done is not None and done.returncode == 0

    def judge(self, mutants):
        """Of one file. Those that spoil the build of the others are found by halving."""
        if not mutants: return
        with tempfile.TemporaryDirectory(dir=self.place) as place:
            path, program = mutants[0].path, f"{place}/mutants"
            object = self.compile(schemata(mutants), place, "-O0", path)
            if object and self.link(object, path, program):
                for mutant, by in zip(mutants, self.killers(program, [(m.number, m.is_in_long) for m in mutants])):
                    if by: mutant.verdict, mutant.by = "killed", by
                    else: mutant.verdict = "same" if self.is_same(mutant, place) else "survived"
                return
        half = len(mutants) // 2
        if half == 0: mutants[0].verdict = "unbuilt"
        else: self.judge(mutants[:half]), self.judge(mutants[half:])

    def killers(self, program, asked):
        """For each number what kills it: a vector, "crash" or "time"; None when all pass in all dialects."""
        lines = "".join(f"{number} {int(with_long)}\n" for number, with_long in asked)
        told = subprocess.run([program, *DIALECTS, "--", *self.long], input=lines, capture_output=True, text=True)
        answers = [line.split(" ", 1)[1] for line in told.stdout.splitlines()]
        if len(answers) != len(asked): sys.exit(f"mutants: the runner broke: {told.stderr}")
        return [None if answer == "-" else answer for answer in answers]

    def unchanged(self):
        """What fails on the engine as it is."""
        program = f"{self.place}/unchanged"
        done = self.run(*self.compiler, "-o", program, self.runner, *self.archives, *self.objects, *self.libraries)
        if done is None or done.returncode != 0: sys.exit("mutants: the engine cannot be linked: is it built?")
        return self.killers(program, [(0, True)])[0]

    def count_lines(self):
        """Looks which lines the short vectors reach, and which the long tables: {path: {line: count}} twice."""
        place = f"{self.place}/reached"
        os.mkdir(place)
        objects = []
        for path in sorted(glob.glob("engine/*.c")):
            objects.append(f"{place}/{pathlib.Path(path).stem}.o")
            done = self.run(*self.compiler[-1:], *CFLAGS, "-O0", "--coverage", "-c", "-o", objects[-1], path)
            if done is None or done.returncode != 0: sys.exit(f"mutants: {path} does not compile with --coverage")
        program, parts = f"{place}/ttlspec", ([], [])
        rest = [*sorted(glob.glob(f"{self.build}/obj/cli/*.o")), f"{self.build}/obj/rule_marks.o", *self.archives]
        self.run(*self.compiler[-1:], "--coverage", "-o", program, *objects, *rest, *self.libraries)
        for path in [*sorted(glob.glob("vectors/[0-9]*.json")), "vectors/bugs"]:
            parts[pathlib.Path(path).name in LONG_TABLES].extend(["--vectors", path])
        targets, counted = [f"engine:{dialect}" for dialect in DIALECTS], []
        for places in parts:
            for old in glob.glob(f"{place}/*.gcda"): os.unlink(old)
            done = self.run(program, "run", *targets, *places, seconds=100 * LIMIT_S)
            if done is None or done.returncode != 0: sys.exit("mutants: the engine fails when its lines are counted")
            told = subprocess.run(["gcov", "--stdout", "--json-format", *glob.glob(f"{place}/*.gcda")], check=True,
                                  capture_output=True, text=True).stdout
            counted.append({file["file"]: {line["line_number"]: line["count"] for line in file["lines"]}
                            for page in told.splitlines() for file in json.loads(page)["files"]})
        return counted


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


def remember(mutants, file):
    kept = json.loads(file.read_text("utf-8")) if file.exists() else {}
    kept.update({"\n".join([m.path, *m.old, *m.new]): m.by for m in mutants if m.verdict == "killed"})
    file.write_text(json.dumps(kept, indent=0), "utf-8")


def recall(mutants, file):
    kept = json.loads(file.read_text("utf-8")) if file.exists() else {}
    for m in mutants:
        by = kept.get("\n".join([m.path, *m.old, *m.new]))
        if by and m.verdict is None: m.verdict, m.by = "killed", by


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


def is_wanted(path, globs): return any(fnmatch.fnmatch(pathlib.Path(path).stem, g) for g in globs)


def report(mutants, arguments):
    lines = ["# Mutation score of the vectors", "",
             "Each mutant is the engine with one place of its source changed. It is killed when a vector fails",
             "on it in some dialect that the vector claims. Unit tests do not count. `make mutants` makes this",
             "page; how, is said in `scripts/mutants.py`.", "",
             "| file | mutants | killed | survived | equivalent | score |", "| --- | ---: | ---: | ---: | ---: | ---: |"]
    def row(name, some):
        built = [m for m in some if m.verdict not in ("unbuilt", "same")]
        return (f"| {name} | {len(built)} | {count(some, 'killed')} | {count(some, 'survived')} | "
                f"{count(some, 'equivalent')} | {score(some):.1f} % |")
    for path in sorted({m.path for m in mutants}): lines.append(row(path, [m for m in mutants if m.path == path]))
    core = core_of(mutants)
    if len(core) < len(mutants): lines.append(row("commands on keys, and deadlines", core))
    lines.append(row("together", mutants))
    lines += ["", f"Beside them {count(mutants, 'unbuilt')} did not compile, and {count(mutants, 'same')} gave the same "
              "machine code.", ""]
    if arguments.files:
        left_out = sorted({pathlib.Path(p).stem for p in glob.glob("engine/*.c") if is_wanted(p, CORE + OTHERS)}
                          - {pathlib.Path(m.path).stem for m in mutants})
        lines += ["Only the files above were run" + (f"; nothing is said of {', '.join(left_out)}." if left_out else "."), ""]
    if arguments.again: lines += ["What an earlier run had killed was not run again: vectors were only added since.", ""]
    if arguments.sample: lines += [f"This is a sample of {arguments.sample} with the seed {arguments.seed}.", ""]
    survived = [m for m in mutants if m.verdict == "survived"]
    lines += ["## Survivors", ""] + ([diff(m) for m in survived] or ["None.", ""])
    lines += ["## Equivalent", "", "What no vector can show, from `scripts/mutants.equivalent`.", ""]
    reasons = {}
    for m in mutants:
        if m.verdict == "equivalent": reasons.setdefault((m.path, m.by), []).append(m)
    lines += [f"- {path}, {', '.join(sorted({m.function or 'a table' for m in some}))} ({len(some)}): {reason}"
              for (path, reason), some in reasons.items()] or ["None."]
    return "\n".join(lines) + "\n"


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
    return parser.parse_args()


def main():
    arguments = parse()
    names = sorted(pathlib.Path(p).stem for p in glob.glob("engine/*.c"))
    wanted = arguments.files or (CORE if arguments.sample else CORE + OTHERS)
    chosen = [n for g in wanted for n in names if fnmatch.fnmatch(n, g)]
    chosen = list(dict.fromkeys(chosen)) # in the order in which they were named
    mutants = [m for n in chosen for m in mutants_of(f"engine/{n}.c")]
    mark_equivalents(mutants)
    if arguments.list:
        for m in mutants: print(diff(m))
        return 0
    memory = pathlib.Path(arguments.build, "mutants.json")
    if arguments.again: recall(mutants, memory)
    if arguments.sample:
        mutants = [m for m in mutants if m.verdict is None]
        mutants = random.Random(arguments.seed).sample(mutants, min(arguments.sample, len(mutants)))
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mutants-") as place:
        bench = Bench(arguments.build, place)
        fails = bench.unchanged()
        if fails:
            print(f"mutants: nothing can be said while the engine itself fails: {fails}", file=sys.stderr)
            return 2
        todo = [m for m in mutants if m.verdict is None]
        if len(todo) > WORTH_COUNTING:
            counted = bench.count_lines()
            for m in todo: m.look(*counted)
        for m in todo:
            if not m.is_reached:
                m.verdict = "survived"
                print(diff(m), flush=True)
        groups = list(groups_of([m for m in todo if m.is_reached]))
        with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
            for group, _ in zip(groups, pool.map(bench.judge, groups)):
                remember(mutants, memory)
                done = sum(m.verdict is not None for m in todo)
                print(f"{done} of {len(todo)}, {score(mutants):.1f} %, {time.monotonic() - began:.0f} s: "
                      f"{group[0].path}", flush=True)
                for m in group:
                    if m.verdict == "survived": print(diff(m), flush=True)
    remember(mutants, memory)
    if count(mutants, "killed", "survived") == 0:
        print("mutants: none could be built and run", file=sys.stderr)
        return 2
    if arguments.report: pathlib.Path(arguments.report).write_text(report(mutants, arguments), "utf-8")
    print(f"{count(mutants, 'killed')} killed, {count(mutants, 'survived')} survived, {count(mutants, 'equivalent')} "
          f"equivalent, {count(mutants, 'unbuilt', 'same')} of no account: {score(mutants):.1f} %")
    held = mutants if arguments.files else core_of(mutants)
    return 0 if score(held) >= arguments.least else 1


if __name__ == "__main__":
    sys.exit(main())
