# The HTML report in a real browser: it draws itself, filters, opens a vector, and asks nobody.

load helper

setup() {
    browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) ||
        skip 'no chromium here: apt install chromium'
    v=$BATS_TEST_TMPDIR/v
    m=$BATS_TEST_TMPDIR/m
    mkdir "$m"
    vectors_write "$v" "$(right)" "$(wrong)" "$(varying)" "$(hostile)"
    for dialect in redis-6.0 redis-7.0; do
        "$ttlspec" run "engine:$dialect" --vectors "$v" --report json="$m/$dialect" || true
    done
    "$ttlspec" matrix --out "$m" "$m/redis-6.0" "$m/redis-7.0" || true
}

teardown() {
    rm -rf "$BATS_TEST_TMPDIR/profile"
}

varying() {
    printf '%s' '{"id": "t.varying", "title": "zero is an error", "rules": ["r.one"], "steps": [
        {"do": ["PSETEX", "{k}", "0", "v"],
         "reply": {"error": "ERR invalid expire time in '"'psetex'"' command"},
         "for": [{"until": {"redis": "6.2"},
                  "reply": {"error": "ERR invalid expire time in psetex"}}]}]}'
}
# What would be run, or end the data, were text ever read as HTML.
hostile() {
    printf '%s' '{"id": "t.hostile", "title": "<img src=x onerror=wrong()></script><b>", "rules":
        ["r.one"], "steps": [{"do": ["SET", "{k}", "</script><script>wrong()</script>"],
        "reply": {"status": "OK"}}]}'
}

# browse SCRIPT [HASH]: runs SCRIPT in the page, $width wide; what it returns is in $output.
browse() {
    cp "$m/index.html" "$m/page.html"
    cat >>"$m/page.html" <<PAGE
<script>
const wrong = () => { document.title = "hostile text was run"; };
const at = (where, from) => (from || document).querySelector(where);
const all = where => [...document.querySelectorAll(where)];
const ids = () => all(".row").map(row => row.dataset.id).join(" ");
const choose = (id, value) => { at("#" + id).value = value; at("#" + id).dispatchEvent(new Event("input")); };
addEventListener("load", () => setTimeout(() => {
  try { document.title = "said: " + (() => { $1 })(); } catch (e) { document.title = "said: " + e; }
}, 50));
</script>
PAGE
    run "$browser" --headless --no-sandbox --disable-gpu --disable-background-networking \
        --disable-component-update --disable-sync --user-data-dir="$BATS_TEST_TMPDIR/profile" \
        --window-size="${width:-1200},900" --virtual-time-budget=2000 --dump-dom "file://$m/page.html${2:-}"
    output=$(printf '%s\n' "$output" | sed -n 's/.*<title>\(.*\)<\/title>.*/\1/p' | head -n 1)
}

@test "differences come first, then what separates the versions, then the rest" {
    browse 'return ids() + ": " + all("h2").map(h => h.textContent).join(", ")'
    [ "$output" = 'said: t.wrong t.varying t.right t.hostile: Differences 1, What separates the versions 1, The same everywhere 2' ]
}

@test "filters choose rows and stand in the address" {
    browse 'choose("verdict", "f"); return ids() + " " + location.hash'
    [ "$output" = 'said: t.wrong #verdict=f' ]
    browse 'choose("q", "RIGHT"); return ids()'
    [ "$output" = 'said: t.right' ]
    browse 'choose("suite", "t"); choose("rule", "0"); return ids()'
    [ "$output" = 'said: t.wrong t.varying t.right t.hostile' ]
    browse 'return ids()' '#verdict=f'
    [ "$output" = 'said: t.wrong' ]
}

@test "a click shows the rule, the steps with expected and actual, and hides them again" {
    browse 'at(".row button").click();
        const seen = at(".detail").textContent;
        const bad = at(".steps .bad").textContent;
        at(".row button").click();
        return [seen.includes("The one rule."), bad, at(".detail")].join(" ")'
    [ "$output" = 'said: true 0 msSTRLEN {k}21expected 2, got 1 ' ]
}

@test "equal letters stand for equal answers" {
    browse 'return all(".row")[1].querySelector(".cells").textContent'
    [ "$output" = 'said: ab' ]
}

@test "a vector with times has a picture: a bar for the deadline, a mark for each moment" {
    browse 'choose("q", "right"); at(".row button").click();
        return [all("svg").length, all(".bar").length, all(".end").length, all(".mark").length].join(" ")'
    [ "$output" = 'said: 1 1 1 3' ]
    browse 'choose("q", "wrong"); at(".row button").click(); return all("svg").length'
    [ "$output" = 'said: 0' ]
}

@test "text is never read as HTML" {
    browse 'choose("q", "hostile"); at(".row button").click();
        return all("img").length + " " + at(".row .title").textContent.endsWith("script><b>")'
    [ "$output" = 'said: 0 true' ]
}

@test "nothing is fetched and nothing is wider than a phone" {
    run grep -cE '<script src|<link|@import|url\(' "$m/index.html"
    [ "$output" = 0 ]
    browse 'all(".row button").forEach(b => b.click());
        return performance.getEntriesByType("resource").length'
    [ "$output" = 'said: 0' ]
    width=400
    browse 'all(".row button").forEach(b => b.click());
        return document.documentElement.scrollWidth <= innerWidth || innerWidth'
    [ "$output" = 'said: true' ]
}

# picture STEPS...: what is drawn for a vector of these steps.
picture() {
    vectors_write "$v" "$(vector t.moved "$@" |
        sed 's/"rules"/"needs": ["virtual-clock", "clock-rate", "restart"], "rules"/')"
    "$ttlspec" run engine --vectors "$v" --report json="$m/moved" || true
    "$ttlspec" matrix --out "$m" "$m/moved" || true
    browse 'at(".row button").click(); return all("svg text").map(text => text.textContent).join(" ")
        + ": " + ["jump", "run", "down", "bar", "end"].map(kind => all("line." + kind + ", rect." + kind).length)'
}

@test "a jump of the clock is drawn from where it was to where it is, and deadlines by that clock" {
    picture "$(step 'PSETEX {k} 100 v' "$ok")" '{"at": "10", "clock": "-3600000"}' \
        "$(step 'PTTL {k}' 3600090 10)"
    [ "$output" = "said: 2: −1 hour -3599990 0 10 100 ms {k} 1 3 what the server's wall clock shows, since T0; not to scale: 1,0,0,1,1" ] ||
        { echo "$output" >&2; return 1; }
}

@test "a clock that runs and a restart are marked" {
    picture "$(step 'PSETEX {k} 1000 v' "$ok")" '{"clock": {"rate": "60"}}' \
        "$(step 'EXISTS {k}' 0 1001)" '{"clock": {"rate": "0"}}' '{"at": "2000", "restart": "aof"}' \
        "$(step 'EXISTS {k}' 0)"
    [ "$output" = "said: 2: runs 60 times as fast as real time 4: stands 5: restarted, aof 0 1000 1001 2000 ms {k} 1 3 6 not to scale: 0,1,1,1,1" ] ||
        { echo "$output" >&2; return 1; }
}
