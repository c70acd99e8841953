// Copyright 2026 scene_reloc_ros maintainers
// SPDX-License-Identifier: Apache-2.0
//
// Preparation: usable cells side by side, the pool of minimal samples, and the part for comparing.
#pragma once

#include "team.cuh"
#include "workspace.cuh"

namespace scene_reloc {

constexpr double kEnoughDepth = 0.1;  // of the cells; with fewer, hypotheses come from pixels
constexpr int kExtents = 4;           // largest x, -x, y, -y of the rays

/// A rank's contiguous share of some items: their order survives a scan.
struct Share {
  int begin, end;
};

template <class Team>
__host__ __device__ inline Share share_of(const Team& team, int count) {
  const int each = (count + team.size() - 1) / team.size();
  return {smaller(team.rank() * each, count), smaller((team.rank() + 1) * each, count)};
}

__host__ __device__ inline bool is_usable(const Inputs& inputs, int i) {
  const float* ray = inputs.rays + 3 * i;
  const float* point = inputs.points + 3 * i;
  bool good = true;
  for (int axis = 0; axis < 3; ++axis) {
    good = good && isfinite(ray[axis]) && isfinite(point[axis]);
  }
  return good && (!inputs.weights || (inputs.weights[i] > 0 && isfinite(inputs.weights[i])));
}

__host__ __device__ inline Cell given_cell(const Inputs& inputs, int i,
                                           const Settings& settings) {
  const float* point = inputs.points + 3 * i;
  return make_cell({point[0], point[1], point[2]}, inputs.rays[3 * i], inputs.rays[3 * i + 1],
                   inputs.weights ? inputs.weights[i] : 1.0f,
                   inputs.depths ? inputs.depths[i] : 0.0f, settings);
}

/// Lay the usable cells out side by side, and measure the area that they cover.
template <class Team>
__host__ __device__ inline void lay_out_cells(const Team& team, double totals[kExtents],
                                              const Inputs& inputs, const Workspace& w) {
  const Share share = share_of(team, w.capacity);
  double extents[kExtents];
  for (double& extent : extents) {
    extent = Largest::kNeutral;
  }
  int count = 0;
  for (int i = share.begin; i < share.end; ++i) {
    w.mask[i] = 0;
    if (is_usable(inputs, i)) {
      const double x = inputs.rays[3 * i], y = inputs.rays[3 * i + 1];
      const double here[kExtents] = {x, -x, y, -y};
      for (int e = 0; e < kExtents; ++e) {
        extents[e] = Largest::of(extents[e], here[e]);
      }
      ++count;
    }
  }
  double usable;
  int place = int(team.before(count, usable));
  for (int i = share.begin; i < share.end; ++i) {
    if (is_usable(inputs, i)) {
      store_cell(given_cell(inputs, i, w.settings), w.cells, w.capacity, place);
      w.source[place++] = i;
    }
  }
  team.template reduce<Largest>(extents, totals);
  if (team.rank() == 0) {
    const double focal_px = w.settings.focal_px;
    w.state->usable = int(usable);
    w.state->area_px = (totals[0] + totals[1]) * (totals[2] + totals[3]) * focal_px * focal_px;
  }
  team.sync();
}

/// Collect the cells that minimal samples are drawn from: those with depth, if there are enough.
template <class Team>
__host__ __device__ inline void make_pool(const Team& team, const Workspace& w) {
  const int usable = w.state->usable;
  const float* depths = w.cells + 6 * w.capacity;
  const Share share = share_of(team, usable);
  int count = 0;
  for (int i = share.begin; i < share.end; ++i) {
    count += depths[i] > 0;
  }
  double known;
  int place = int(team.before(count, known));
  const bool measured = known > kMinimal && known > kEnoughDepth * usable;
  place = measured ? place : share.begin;
  for (int i = share.begin; i < share.end; ++i) {
    if (!measured || depths[i] > 0) {
      w.pool[place++] = i;
    }
  }
  if (team.rank() == 0) {
    w.state->measured = measured;
    w.state->pool = measured ? int(known) : usable;
  }
  team.sync();
}

/// Sum the pool's weights up, so that cells can be drawn in proportion to them.
template <class Team>
__host__ __device__ inline void accumulate_weights(const Team& team, const Workspace& w) {
  const float* weights = w.cells + 5 * w.capacity;
  const Share share = share_of(team, w.state->pool);
  double own = 0, total;
  for (int i = share.begin; i < share.end; ++i) {
    own += weights[w.pool[i]];
  }
  double running = team.before(own, total);
  for (int i = share.begin; i < share.end; ++i) {
    running += weights[w.pool[i]];
    w.cumulative[i] = running;
  }
}

/// Copy a random part of the cells: the first of a permutation, what is no cell left out.
template <class Team>
__host__ __device__ inline void gather_part(const Team& team, const Workspace& w) {
  const int usable = w.state->usable;
  const Share share = share_of(team, w.capacity);
  int count = 0;
  for (int i = share.begin; i < share.end; ++i) {
    count += w.order[i] < usable;
  }
  double total;
  int place = int(team.before(count, total));
  for (int i = share.begin; i < share.end && place < w.settings.local_cells; ++i) {
    if (w.order[i] < usable) {
      store_cell(load_cell(w.cells, w.capacity, w.order[i]), w.part, w.settings.local_cells,
                 place++);
    }
  }
}

/// Kernel body, one team: make a query ready.
template <class Team>
__host__ __device__ inline void prepare(const Team& team, double totals[kExtents],
                                        const Inputs& inputs, const Workspace& w) {
  lay_out_cells(team, totals, inputs, w);
  make_pool(team, w);
  if (w.weighted) {
    accumulate_weights(team, w);
  }
  gather_part(team, w);
}

/// Return how many cells hypotheses are compared on.
__host__ __device__ inline int part_size(const Workspace& w) {
  return smaller(w.settings.local_cells, w.state->usable);
}

}  // namespace scene_reloc
