#include "sim/network.h"

#include "sim/random.h"

enum { SLOW_FACTOR = 1000, DOUBLINGS_MAX = 6, ODDS = 8 };

/* What a draw decides. */
enum { FOR_LATENCY = 1, FOR_LOSS, FOR_DOUBLE, FOR_OTHER };

uint64_t sim_network_key(uint64_t seed) {
    sim_random stream = sim_random_stream(seed, "network", 0);
    return sim_random_next(&stream);
}

static uint64_t draw(const sim_network *network, sim_message_name message, uint64_t purpose) {
    uint64_t z = network->key ^ message.number * UINT64_C(0x9e3779b97f4a7c15);
    z ^= purpose << 56 ^ (uint64_t)message.way << 48 ^ (uint64_t)message.attempt << 40;
    z ^= (uint64_t)message.node * UINT64_C(0xd1342543de82ef95);
    return sim_random_mix(sim_random_mix(z));
}

uint64_t sim_network_draw(const sim_network *network, sim_message_name message) {
    return draw(network, message, FOR_OTHER);
}

/* Most are near the usual latency; each doubling of it is half as likely. */
static int64_t draw_latency(uint64_t bits, int64_t base_us) {
    const uint64_t end = UINT64_C(1) << DOUBLINGS_MAX;
    int doublings = __builtin_ctzll(~bits | end);
    return 1 + (base_us << doublings) / 4 + (int64_t)((bits >> 32) * (uint64_t)base_us >> 32);
}

static void decide(sim_network *network, sim_fault_kind kind, sim_message_name message,
                   int64_t amount) {
    if (network->marks != NULL) network->marks[kind]++;
    if (network->decided == NULL) return;
    sim_schedule_add(
        network->decided,
        (sim_fault){.kind = kind, .node = message.node, .amount = amount, .message = message});
}

/* By how much the list says; 0: it does not name the message. */
static int64_t find(sim_network *network, sim_fault_kind kind, sim_message_name message) {
    const sim_fault *fault = sim_schedule_find(network->given, kind, message);
    if (fault == NULL) return 0;
    decide(network, kind, message, fault->amount);
    return kind == SIM_FAULT_LOST ? 1 : fault->amount;
}

static void find_fate(sim_network *network, sim_message_name message, sim_fate *fate) {
    fate->latency_us += find(network, SIM_FAULT_LATE, message);
    fate->again_us = find(network, SIM_FAULT_TWICE, message);
    if (find(network, SIM_FAULT_LOST, message) > 0) fate->is_lost = true;
}

static void draw_fate(sim_network *network, sim_message_name message, uint64_t bits,
                      sim_fate *fate) {
    if (network->is_slow) {
        int64_t slow_us = draw_latency(bits, network->latency_us * SLOW_FACTOR);
        decide(network, SIM_FAULT_LATE, message, slow_us - fate->latency_us);
        fate->latency_us = slow_us;
    }
    if (network->is_doubling && message.way == SIM_REQUEST) {
        uint64_t doubles = draw(network, message, FOR_DOUBLE);
        if (doubles % ODDS == 0) {
            fate->again_us = draw_latency(doubles, network->latency_us);
            decide(network, SIM_FAULT_TWICE, message, fate->again_us);
        }
    }
    if (network->is_lossy && draw(network, message, FOR_LOSS) % ODDS == 0) {
        decide(network, SIM_FAULT_LOST, message, 0);
        fate->is_lost = true;
    }
}

sim_fate sim_network_send(sim_network *network, sim_message_name message) {
    uint64_t bits = draw(network, message, FOR_LATENCY);
    sim_fate fate = {.is_lost = network->cut_off >> message.node & 1,
                     .latency_us = draw_latency(bits, network->latency_us)};
    if (network->given != NULL) find_fate(network, message, &fate);
    else if (network->is_slow || network->is_lossy || network->is_doubling)
        draw_fate(network, message, bits, &fate);
    return fate;
}
