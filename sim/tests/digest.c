/* The digest of many worlds and plays, as one number: what two builds are compared by. Not a test
 * by itself; digests.bats builds it in several ways. */
#include <inttypes.h>
#include <stdio.h>

#include "sim/play.h"
#include "sim/random.h"
#include "sim/tests/made_scenario.h"
#include "sim/world.h"

int main(void) {
    uint64_t all = 0;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        sim_world_options options = {
            .seed = seed, .commands = 400, .profile = (sim_profile)(seed % 3)};
        sim_world *world = sim_world_new(&options);
        while (sim_world_step(world)) continue;
        sim_digest_mix(&all, sim_world_tell(world).digest);
        sim_world_free(world);
    }
    made_scenario made;
    made_scenario_lock(&made, "90");
    made.script.bounds.server_jump_ms[1] = 50;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        play *one = play_new(&(play_options){.scenario = &made.script, .seed = seed});
        while (play_step(one)) continue;
        sim_digest_mix(&all, play_tell(one).digest);
        play_free(one);
    }
    printf("%016" PRIx64 "\n", all);
    return 0;
}
