# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The command ``bench``: measurements beside named peers, for tables and not for tests."""

from scene_reloc_ros.cli.arguments import add_json
from scene_reloc_ros.cli.terminal import ProgressBars, write_json
from scene_reloc_ros.evaluation.solver_benchmark import benchmark_solver


def add_arguments(parser):
    """Declare the options of ``bench``."""
    parser.add_argument('what', nargs='?', default='solver', choices=('solver',),
                        help='what is measured (solver)')
    parser.add_argument('--problems', type=int, default=200, help='synthetic problems (200)')
    parser.add_argument('--cells', type=int, default=4800, help='correspondences each (4800)')
    parser.add_argument('--inliers', type=float, default=0.3, help='share of inliers (0.3)')
    parser.add_argument('--noise', type=float, default=1.0, help='noise of inliers, pixels (1)')
    add_json(parser)


def run(args):
    """Measure and print a table."""
    if not (args.problems >= 1 and args.cells >= 4 and 0 < args.inliers <= 1 and args.noise >= 0):
        raise ValueError('bench needs at least 1 problem, 4 cells, inliers in (0, 1] and noise '
                         'that is not negative')
    with ProgressBars() as bars:
        figures = benchmark_solver(args.problems, args.cells, args.inliers, args.noise, bars)
    print(f'{args.problems} problems of {args.cells} cells, {args.inliers:.0%} inliers, '
          f'{args.noise:g} px noise; {figures["threads"]} threads; ratios are ours / peer')
    print(f'  {"solver":<20}{"median error":>22}{"within 2cm 1deg":>18}{"median time":>14}'
          f'{"10-90 %":>18}{"error ratio":>13}{"time ratio":>12}')
    for name, row in figures['solvers'].items():
        error = f'{1e3 * row["median_translation_m"]:.3f} mm {row["median_rotation_deg"]:.4f} deg'
        spread = f'{row["p10_ms"]:.1f}-{row["p90_ms"]:.1f} ms'
        print(f'  {name:<20}{error:>22}{row["success_2cm_1deg"]:>18.1%}'
              f'{row["median_ms"]:>11.1f} ms{spread:>18}{row["error_ratio"]:>13.3f}'
              f'{row["time_ratio"]:>12.2f}')
    write_json(args.json, figures)
    return 0
