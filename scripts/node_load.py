# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Measure the relocaliser under load, as a process of its own over DDS, and judge it.

Usage: python scripts/node_load.py MAP SEQUENCE [--frames LIST] [--minutes 10] [--out FILE.json]

Frames one at a time tell the time of a single one. Then they come at --rate for --minutes, the
last third of it beside two busy processes; at last none come at all. MAP has to know SEQUENCE
well: there is a transform only while the robot is localised.
"""

import argparse
from dataclasses import dataclass, field
import json
from pathlib import Path
import subprocess
import sys
import tempfile
import time

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from scene_reloc_ros.cli.demo.processes import ChildProcess, stop_all

TF_HZ, TF_WITHIN = 30.0, 0.1  # tf_rate of the node, and how far from it is allowed
SLOWDOWN = 2.0  # of the 95 % of the times from stamp to pose, of the time of a single frame
GROWTH_MB = 20.0
SINGLE_FRAMES, IDLE_S, SETTLE_S = 30, 12.0, 5.0
LIMIT_S, BUSY = 120.0, 'while True: pass'  # for what takes seconds; a busy process


@dataclass
class Observed:
    """What was heard of player and node; times and stamps in nanoseconds, of one clock."""

    published: list = field(default_factory=list)  # stamps of images
    answers: list = field(default_factory=list)  # (stamp, when the work on it had ended)
    poses: list = field(default_factory=list)  # (stamp, when the pose came)
    transforms: list = field(default_factory=list)  # when they came
    memory_mb: list = field(default_factory=list)  # (when, resident)

    def between(self, begin_ns, end_ns):
        """Return what was heard of the images, and at the times, between two times."""
        def inside(entries):
            return [one for one in entries
                    if begin_ns <= (one if isinstance(one, int) else one[0]) < end_ns]
        return Observed(inside(self.published), inside(self.answers), inside(self.poses),
                        inside(self.transforms), inside(self.memory_mb))


def overtaken(observed, slack_ns):
    """Return the stamps that were worked on although a newer image had come, or out of order.

    The work on an image begins when it comes, or when that on the one before has ended.

    Args:
        observed: of a phase.
        slack_ns: what an image takes to arrive; one that is newer by less may not be there yet.
    """
    stamps = np.sort(np.array(observed.published, np.int64))
    wrong, newest_ns, free_ns = [], -1, 0
    for stamp_ns, ended_ns in observed.answers:
        arrived = stamps[stamps <= max(stamp_ns, free_ns) - slack_ns]
        if (len(arrived) and arrived[-1] > stamp_ns) or stamp_ns <= newest_ns:
            wrong.append(stamp_ns)
        newest_ns, free_ns = max(newest_ns, stamp_ns), ended_ns
    return wrong


def delays_ms(observed):
    """Return the times from the stamp of an image to the arrival of its pose, milliseconds."""
    return [(came_ns - stamp_ns) * 1e-6 for stamp_ns, came_ns in observed.poses]


def rate_hz(times_ns):
    """Return how often something came, 1/s; 0 for less than two of it."""
    if len(times_ns) < 2:
        return 0.0
    return (len(times_ns) - 1) / ((times_ns[-1] - times_ns[0]) * 1e-9)


def growth_mb(memory_mb):
    """Return how much memory has grown: the median of the last tenth less that of the first."""
    values = [value for _, value in memory_mb]
    tenth = max(len(values) // 10, 1)
    return float(np.median(values[-tenth:]) - np.median(values[:tenth])) if values else 0.0


def figures(single, loaded, phases, slack_ns):
    """Return the figures that are judged.

    Args:
        single: Observed of frames one at a time.
        loaded: Observed of all frames at the rate.
        phases: {name: Observed} in each of which the transform has to keep its rate.
        slack_ns: see ``overtaken``.
    """
    singles, delays = delays_ms(single), delays_ms(loaded)
    return {
        'images': len(loaded.published), 'answers': len(loaded.answers), 'poses': len(delays),
        'overtaken': len(overtaken(loaded, slack_ns)),
        'single_ms': float(np.median(singles)) if singles else float('inf'),
        'delay_p50_ms': float(np.percentile(delays, 50)) if delays else float('inf'),
        'delay_p95_ms': float(np.percentile(delays, 95)) if delays else float('inf'),
        'tf_hz': {name: round(rate_hz(phase.transforms), 2) for name, phase in phases.items()},
        'memory_growth_mb': growth_mb(loaded.memory_mb)}


def verdicts(found):
    """Return {what has to be so: whether it is} of the figures."""
    return {
        'no image was worked on that a newer one had overtaken':
            found['answers'] > 0 and found['overtaken'] == 0,
        f'95 % of the poses came within {SLOWDOWN:g} times that of a single frame':
            found['delay_p95_ms'] <= SLOWDOWN * found['single_ms'],
        **{f'the transform kept its rate, {name}': abs(hz / TF_HZ - 1) <= TF_WITHIN
           for name, hz in found['tf_hz'].items()},
        f'memory grew by no more than {GROWTH_MB:g} MB': found['memory_growth_mb'] <= GROWTH_MB}


class Listener:
    """Listens to the player and the node."""

    def __init__(self):
        """Subscribe; ROS is imported here, so that the judging needs none."""
        from geometry_msgs.msg import PoseWithCovarianceStamped
        import rclpy
        from rclpy.qos import QoSProfile, ReliabilityPolicy
        from sensor_msgs.msg import CameraInfo
        from std_msgs.msg import String
        from tf2_msgs.msg import TFMessage
        self._rclpy, self.observed = rclpy, Observed()
        rclpy.init()
        self.node = rclpy.create_node('node_load')
        listen = self.node.create_subscription
        best_effort = QoSProfile(depth=50, reliability=ReliabilityPolicy.BEST_EFFORT)
        listen(CameraInfo, 'camera_info', self._on_info, best_effort)
        listen(String, '/relocaliser/status', self._on_status, 50)
        listen(PoseWithCovarianceStamped, '/relocaliser/pose', self._on_pose, 50)
        listen(TFMessage, '/tf', self._on_tf, 200)

    def _on_info(self, message):
        self.observed.published.append(stamp_of(message))

    def _on_status(self, message):
        said = json.loads(message.data)
        if said['stamp_ns'] and said['latency_ms'] is not None:
            self.observed.answers.append(
                (said['stamp_ns'], int(said['stamp_ns'] + said['delay_ms'] * 1e6)))

    def _on_pose(self, message):
        self.observed.poses.append((stamp_of(message), time.time_ns()))

    def _on_tf(self, message):
        if message.transforms[0].header.frame_id == 'map':
            self.observed.transforms.append(time.time_ns())

    def listen(self, seconds, pid, until=lambda: False):
        """Listen for a time, or until something is so; returns when it began and ended."""
        began_ns, sampled_s = time.time_ns(), 0.0
        while time.time_ns() - began_ns < seconds * 1e9 and not until():
            self._rclpy.spin_once(self.node, timeout_sec=0.1)
            if time.monotonic() - sampled_s >= 1.0:
                sampled_s = time.monotonic()
                self.observed.memory_mb.append((time.time_ns(), resident_mb(pid)))
        return began_ns, time.time_ns()

    def call(self, service, name, **fields):
        """Call a service of a node and wait for its answer; RuntimeError where there is none."""
        client = self.node.create_client(service, name)
        if not client.wait_for_service(LIMIT_S):
            raise RuntimeError(f'{name} did not come in {LIMIT_S:.0f} s; see the logs')
        future = client.call_async(service.Request(**fields))
        self._rclpy.spin_until_future_complete(self.node, future, timeout_sec=LIMIT_S)
        return future.result()

    def close(self):
        """Leave the graph."""
        self.node.destroy_node()
        self._rclpy.shutdown()


def stamp_of(message):
    """Return the stamp of a message with a header, nanoseconds."""
    return message.header.stamp.sec * 1_000_000_000 + message.header.stamp.nanosec


def resident_mb(pid):
    """Return the memory that a process has in use, megabytes."""
    return int(Path(f'/proc/{pid}/statm').read_text().split()[1]) * 4096 / 1e6


def node_arguments(**parameters):
    """Return the command line of ROS parameters."""
    return ['--ros-args', *(text for name, value in parameters.items()
                            for text in ('-p', f'{name}:={value}'))]


class Load:
    """Player and node, played to in phases."""

    def __init__(self, arguments, logs):
        """Start both."""
        self._rate = arguments.rate
        self._player = ChildProcess(
            'player', 'scene_reloc_ros.ros.dataset_player',
            node_arguments(sequence=arguments.sequence, frames=f"'{arguments.frames}'",
                           publish_depth='false', loop='true', rate=arguments.rate,
                           odometry_drift_translation=0.0, odometry_drift_rotation=0.0),
            logs / 'player.log')
        self._node = ChildProcess(
            'relocaliser', 'scene_reloc_ros.ros.relocaliser',
            node_arguments(map=arguments.map, device=arguments.device, odometry_gap_limit=0.0,
                           odometry_speed_limit=0.0, odometry_turn_limit=0.0, trust_time=0.0,
                           tf_rate=TF_HZ), logs / 'relocaliser.log')
        self.pid = self._node.pid
        self.listener = Listener()

    def play(self, pace_topic):
        """Begin to play anew, with the node's answers awaited or at the rate."""
        from rcl_interfaces.srv import SetParameters
        from rclpy.parameter import Parameter
        from std_srvs.srv import Trigger
        self.listener.call(SetParameters, '/dataset_player/set_parameters', parameters=[
            Parameter('pace_topic', value=pace_topic).to_parameter_msg(),
            Parameter('rate', value=self._rate if not pace_topic else 200.0).to_parameter_msg()])
        answer = self.listener.call(Trigger, '/dataset_player/play')
        if not answer.success:
            raise RuntimeError(f'the player does not play: {answer.message}')

    def stop(self):
        """Stop to play."""
        from std_srvs.srv import Trigger
        self.listener.call(Trigger, '/dataset_player/stop')

    def run(self, minutes):
        """Return the figures of all phases."""
        listener, observed, pid = self.listener, self.listener.observed, self.pid
        self.play('/relocaliser/status')
        first = listener.listen(LIMIT_S, pid, lambda: len(observed.poses) >= SINGLE_FRAMES)
        self.stop()
        self.play('')
        listener.listen(SETTLE_S, pid)
        alone = listener.listen(minutes * 40, pid)
        busy = [subprocess.Popen([sys.executable, '-c', BUSY]) for _ in range(2)]
        try:
            beside = listener.listen(minutes * 20, pid)
        finally:
            for process in busy:
                process.kill()
                process.wait()
        self.stop()
        idle = listener.listen(IDLE_S, pid)
        slack_ns = int(1e9 / self._rate)
        single = observed.between(*first)
        single.poses = single.poses[len(single.poses) // 3:]  # the first ones warm up
        return figures(single, observed.between(alone[0], beside[1]), {
            'busy': observed.between(*alone), 'beside two busy processes':
            observed.between(*beside), 'idle': observed.between(*idle)}, slack_ns)

    def close(self):
        """End everything."""
        self.listener.close()
        stop_all((self._player, self._node))


def parsed(arguments=None):
    """Return the arguments of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('map', help='scene map file')
    parser.add_argument('sequence', help='what is played: a folder, or simulated:return')
    parser.add_argument('--frames', default='', help='file with one frame name a line')
    parser.add_argument('--minutes', type=float, default=10.0, help='at the rate (10)')
    parser.add_argument('--rate', type=float, default=15.0, help='images a second (15)')
    parser.add_argument('--device', default='auto', help='where the network runs (auto)')
    parser.add_argument('--out', help='JSON file of the figures')
    return parser.parse_args(arguments)


def main():
    """Measure, print, and end with 1 where something is not as it has to be."""
    arguments = parsed()
    logs = Path(tempfile.mkdtemp(prefix='node_load_'))
    load = Load(arguments, logs)
    try:
        found = load.run(arguments.minutes)
    finally:
        load.close()
    judged = verdicts(found)
    sys.stdout.write(json.dumps({**found, 'logs': str(logs)}, indent=1) + '\n')
    for what, is_so in judged.items():
        sys.stdout.write(f'{"yes" if is_so else "NO "}  {what}\n')
    if arguments.out:
        Path(arguments.out).write_text(json.dumps({**found, 'verdicts': judged}, indent=1) + '\n')
    sys.exit(0 if all(judged.values()) else 1)


if __name__ == '__main__':
    main()
