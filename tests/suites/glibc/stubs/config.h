/* SPDX-License-Identifier: MIT */
/* Nothing that the tests ask of a configured build holds here. */
