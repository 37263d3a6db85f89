/* What the files of `ttlspec sim` share. */
#ifndef TTLSPEC_CLI_SIM_H
#define TTLSPEC_CLI_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/cli.h"
#include "cli/scenario.h"
#include "cli/sim_judge.h"
#include "cli/sim_rules.h"
#include "sim/planted.h"
#include "sim/play.h"
#include "sim/world.h"

enum {
    SIM_STATUS_SAFETY = STATUS_DIFFERENCE, /* a law of safety was broken */
    SIM_STATUS_LIVENESS = 5,               /* what had to happen never did */
    SIM_STATUS_UNLIKE = 6,                 /* the same seed went two ways */
    SIM_STATUS_CRASHED = 7,                /* a worker crashed, in a seed that is named */
};

typedef struct sim_arguments {
    uint64_t seed, seeds, commands, until, jobs;
    uint64_t judge; /* the history of each so manieth world is judged; 0: of none */
    bool checks_determinism, has_until, shows_planted, shows;
    uint64_t last;             /* rows of a drawing; 0: all */
    const char *svg;           /* where the drawing goes; NULL: to the terminal */
    const planted_kind *plant; /* NULL: none */
    const char *out;           /* where files of a failure go */
    const char *on;            /* a target that the world is run on, too; NULL: none */
    const char *plant_name;    /* as it was given */
    const char *dialect;       /* of all worlds; NULL: each draws its own */
    const char *scenario;      /* its name or file; NULL: worlds at random */
    bool is_beyond;            /* the scenario is played beyond its bounds */
    const char *way;           /* in this way; NULL: in each */
    bool shows_scenarios;
    const char *replay;           /* a play, or a world, to be run again */
    const sim_schedule *schedule; /* what goes wrong in the world; NULL: that is drawn */
    const scenario *script;       /* what is played; NULL: worlds */
} sim_arguments;

enum { SIM_MILESTONES = 3 };

/* What many seeds came to. */
typedef struct sim_campaign {
    uint64_t seeds, commands, events, digest;
    double span_us;
    uint64_t ops[SIM_OP_KINDS], marks[SIM_SITE_MARKS];
    uint64_t faults[SIM_FAULT_KINDS], chances[SIM_CHANCES];
    /* Worlds whose clients' history was judged, those of them that were judged up to where a clock
     * jumped or a server forgot, and their commands. */
    uint64_t judged, judged_in_part, judged_commands, judged_events;
    uint64_t moments[PLAY_MOMENTS];
    uint64_t dialects[SIM_DIALECTS];
    uint64_t marked,
        rules[SIM_RULES]; /* worlds whose engine told its rules, and which it reached */
} sim_campaign;

typedef struct sim_campaign_end {
    bool has_failed, was_interrupted;
    uint64_t failed_seed;
    int crashed_by;        /* the signal that ended a worker, 0: none */
    uint64_t crashed_seed; /* what it was at */
    uint64_t next_seed;    /* all before this one are done */
    /* What the largest worker took after a tenth, a half and all of its seeds, kB; 0: unknown. */
    long resident_kb[SIM_MILESTONES];
} sim_campaign_end;

/* Decimal, hexadecimal after 0x, or the 40 hexadecimal digits of a commit: its first 16 count. */
bool sim_parse_seed(const char *text, uint64_t *seed);
/* NULL: there is none of this name. */
const planted_kind *sim_find_planted(const char *name);
/* The hooks of the planted fault; NULL where none is. The fault must outlive them. */
const sim_hooks *sim_plant(const sim_arguments *arguments, planted *fault);
/* " --commands 1000 --spec redis-7.0": all that a world depends on beside its seed. */
void sim_put_options(const sim_arguments *arguments);
/* A recording or a witness may be NULL. */
sim_world_options sim_world_options_of(const sim_arguments *arguments, uint64_t seed,
                                       const sim_hooks *hooks, sim_recording *recording,
                                       const sim_witness *witness);
/* A world of those. */
sim_world *sim_world_of(const sim_arguments *arguments, uint64_t seed, const sim_hooks *hooks,
                        sim_recording *recording, const sim_witness *witness);
/* Asks of all seeds whether they go the same way twice, and says so; nothing where nobody wants to
 * know. False: one does not, `agrees` has told. */
bool sim_all_agree(const sim_arguments *arguments,
                   bool (*agrees)(const sim_arguments *arguments, uint64_t seed));
/* Runs all seeds in worker processes. */
sim_campaign_end sim_campaign_run(const sim_arguments *arguments, sim_campaign *total);
/* Prints the block about a seed that broke a law, or whose history the judge did not pass, and
 * writes its files. Returns the exit status. */
int sim_tell_failure(const sim_arguments *arguments, uint64_t seed);
/* The table of planted faults: how soon each is found, and how short its story is. */
int sim_print_planted(const sim_arguments *arguments);
/* --scenario, --scenarios and --replay. Returns the exit status. */
int sim_scenario_main(const sim_arguments *arguments);
/* The rest of that table: the mistakes that scenarios plant. */
typedef struct sim_planted_sum {
    size_t planted, found;
} sim_planted_sum;
sim_planted_sum sim_print_planted_scenarios(const sim_arguments *arguments);
/* Seconds of a clock that only goes ahead, and of the processor for this process: a busy machine
 * does not matter to the second. */
double sim_seconds(void);
double sim_processor_seconds(void);

/* Runs all plays and worlds of the directory `replay` again, a line each. The exit status. */
int sim_replay_all(const sim_arguments *arguments);
/* Draws the world of the seed. Returns the exit status. */
int sim_show(const sim_arguments *arguments);
/* What the seed does, as a vector, on another target. Returns the exit status. */
int sim_run_on(const sim_arguments *arguments);

#endif
