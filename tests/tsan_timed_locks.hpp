// Included first in every file of the preset tsan: the TSan of GCC 12 does not see
// pthread_mutex_clocklock, and takes what a timed lock guards for a race. Without it the standard
// library takes pthread_mutex_timedlock, which TSan sees.
// SPDX-License-Identifier: MIT
#pragma once

#include <bits/c++config.h>
#undef _GLIBCXX_USE_PTHREAD_MUTEX_CLOCKLOCK
