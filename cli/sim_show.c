/* A world drawn: its last events before everything is healed, or up to an event. */
#include <inttypes.h>

#include "cli/drawing_world.h"
#include "cli/sim.h"

int sim_show(const sim_arguments *arguments) {
    planted fault;
    drawing line;
    drawing_init(&line);
    drawing_witness *witness = drawing_witness_new(&line);
    sim_world *world = sim_world_of(arguments, arguments->seed, sim_plant(arguments, &fault), NULL,
                                    drawing_witness_of(witness));
    drawing_witness_begin(witness, world);
    while (!arguments->has_until || sim_world_tell(world).events < arguments->until)
        if (!sim_world_step(world)) break;
    drawing_witness_end(witness, world);
    sim_world_report report = sim_world_tell(world);
    line.title = drawing_words(&line, "The world of seed 0x%" PRIx64, arguments->seed);
    line.subtitle =
        report.law == SIM_LAWS_HOLD
            ? drawing_words(&line, "%" PRIu64 " events, %" PRIu64 " commands: all laws held",
                            report.events, report.commands)
            : drawing_words(&line, "at event %" PRIu64 ": %s", report.events,
                            sim_law_text(report.law));
    int status = drawing_draw("sim", &line, arguments->svg, arguments->last);
    if (status == STATUS_CONFORMANT && report.law != SIM_LAWS_HOLD)
        status = sim_law_is_liveness(report.law) ? SIM_STATUS_LIVENESS : SIM_STATUS_SAFETY;
    drawing_witness_free(witness);
    sim_world_free(world);
    drawing_free(&line);
    return status;
}
