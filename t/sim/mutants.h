/* SPDX-License-Identifier: ISC */
/*
 * Every rule broken on purpose, and what its absence means. The name stands
 * in CORE_MUTANT() where the rule is.
 */
#ifndef SIM_MUTANTS_H
#define SIM_MUTANTS_H

#define MUTANTS(X)                                                             \
	X(any_answer_taken)                                                    \
	X(any_incarnation)                                                     \
	X(uncertified_unfences)                                                \
	X(old_grant_renews)                                                    \
	X(grant_kept)                                                          \
	X(start_grant_outlives)                                                \
	X(start_without_lease)                                                 \
	X(start_unarmed)                                                       \
	X(auto_departs_unclaimed)                                              \
	X(receive_without_lease)                                               \
	X(higher_not_heard)                                                    \
	X(no_self_fence)                                                       \
	X(incoming_not_fenced)                                                 \
	X(paused_not_fenced)                                                   \
	X(starting_not_fenced)                                                 \
	X(no_reset)                                                            \
	X(old_not_in_sum)                                                      \
	X(sum_is_lease)                                                        \
	X(ledger_not_consulted)                                                \
	X(refusal_not_honoured)                                                \
	X(departure_not_honoured)                                              \
	X(no_generation_check)                                                 \
	X(lower_started)                                                       \
	X(return_not_final)                                                    \
	X(paused_resumed)                                                      \
	X(peer_not_asked)                                                      \
	X(ran_returned)                                                        \
	X(return_unrefused)                                                    \
	X(stale_resumed)                                                       \
	X(new_ledger_answers)                                                  \
	X(later_not_heard)                                                     \
	X(stranger_unrefused)                                                  \
	X(any_birth_certified)                                                 \
	X(adopted_certified)                                                   \
	X(higher_ignored)                                                      \
	X(certified_as_before)                                                 \
	X(cancel_ends_claim)                                                   \
	X(mode_in_one_step)                                                    \
	X(pending_too_short)                                                   \
	X(pending_leased)                                                      \
	X(auto_at_once)                                                        \
	X(new_ledger_trusted)                                                  \
	X(unknown_ledger_granted)                                              \
	X(unfenced_at_once)                                                    \
	X(stale_believed)                                                      \
	X(unknown_ledger_believed)                                             \
	X(other_incarnation_believed)                                          \
	X(clean_by_copy)                                                       \
	X(off_outlives)                                                        \
	X(off_read_once)                                                       \
	X(off_after_beat)                                                      \
	X(off_at_once)                                                         \
	X(unreported_auto)                                                     \
	X(unarmed_leased)                                                      \
	X(refusal_is_drained)                                                  \
	X(departed_is_drained)                                                 \
	X(receipt_unconfirmed)                                                 \
	X(off_any_order)                                                       \
	X(confirmed_any_order)                                                 \
	X(off_not_again)                                                       \
	X(ping_only)                                                           \
	X(off_auto_unasked)                                                    \
	X(off_others_unasked)                                                  \
	X(claim_one_proof)                                                     \
	X(recovery_skipped)                                                    \
	X(old_writer_forgotten)                                                \
	X(certified_at_once)                                                   \
	X(departure_unrecorded)                                                \
	X(arrival_unledgered)                                                  \
	X(departure_unfsynced)                                                 \
	X(return_unledgered)                                                   \
	X(start_unledgered)                                                    \
	X(expectation_unledgered)                                              \
	X(refusal_unledgered)                                                  \
	X(incarnation_forgotten)                                               \
	X(inflight_unreported)                                                 \
	X(stamped_when_sent)                                                   \
	X(lease_from_receipt)                                                  \
	X(lease_on_wall_clock)                                                 \
	X(failover_unnoticed)                                                  \
	X(silence_outlives)                                                    \
	X(watchdog_sleeps)                                                     \
	X(owners_before_beat)                                                  \
	X(watchdog_never_fires)

enum mutant {
	MUTANT_none,
#define X(name) MUTANT_##name,
	MUTANTS(X)
#undef X
	    MUTANT_COUNT
};

extern enum mutant core_mutant;

#endif
