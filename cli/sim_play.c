#include "cli/sim_play.h"

#include <inttypes.h>

#include "cli/drawing_play.h"

int sim_play_draw(const sim_arguments *arguments, uint64_t seed, const play_schedule *given,
                  const char *path, size_t rows) {
    const scenario *script = arguments->script;
    drawing line;
    drawing_init(&line);
    play *one = drawing_of_play(&line, script, seed, given, arguments->until);
    play_report report = play_tell(one);
    const char *how =
        script->way != NULL     ? drawing_words(&line, ", beyond its bounds (%s)", script->way)
        : script->wrong != NULL ? drawing_words(&line, ", with a mistake (%s)", script->wrong)
                                : "";
    line.title = drawing_words(&line, "%s%s: seed 0x%" PRIx64, script->id, how, seed);
    line.subtitle =
        drawing_words(&line, "%" PRIu64 " events, %" PRIu64 " commands: all promises held",
                      report.events, report.commands);
    int status = STATUS_CONFORMANT;
    if (report.trouble != NULL) {
        status = sim_scenario_tell_trouble(arguments, &report, seed);
        line.subtitle = report.trouble;
    } else if (report.broken != NULL) {
        status = sim_scenario_status(report.broken);
        line.subtitle = drawing_words(&line, "Promised: %s. Broken at event %" PRIu64,
                                      report.broken->title, report.events);
        line.lesson = script->lesson;
    }
    int drawn = drawing_draw("sim", &line, path, rows);
    play_free(one);
    drawing_free(&line);
    return drawn == STATUS_CONFORMANT ? status : drawn;
}
