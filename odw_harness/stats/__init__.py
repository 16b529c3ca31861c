"""The statistics of all: pure arithmetic over sequences and arrays, every interval of 95 % unless it says otherwise.

intervals: shares, means and slopes; the bootstrap. paired: two systems on the same questions. ranks: a leaderboard's.
variance: what questions, generations and judgements each add. power: what can be seen with how much of each.
agreement: two scorers of the same answers. scales: the one's scores on the other's scale. reliability: many graders. What is
not named below is imported from its module.
"""

from odw_harness.stats.agreement import falling_tau
from odw_harness.stats.intervals import LEVEL, Frozen, Mean, Share, Slope, mean_of, share_of, slope_of
from odw_harness.stats.reliability import alpha_of

__all__ = ["LEVEL", "Frozen", "Mean", "Share", "Slope", "alpha_of", "falling_tau", "mean_of", "share_of", "slope_of"]
