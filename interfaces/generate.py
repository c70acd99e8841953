# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Build tf2_msgs/msg/TFMessage into the running virtual environment.

tf2_msgs is the one message package that the nodes need and the package index has not. The ROS 2
wheels carry the interface generators as Python modules, so the definition beside this file becomes
a message class as a ROS 2 build would make it, without CMake. Run it with the Python of the
environment; a second run replaces the first. Everything is built aside and verified, and only then
moved into the environment, so that an interrupted run leaves no half-made package behind.
"""

import concurrent.futures
import dataclasses
import functools
import json
import os
import pathlib
import shutil
import subprocess
import sys
import sysconfig
import tempfile

PACKAGE = 'tf2_msgs'
MODULE = '_tf_message'
# The hash under which every ROS 2 installation announces this type on the network.
UPSTREAM_TYPE_HASH = 'RIHS01_e369d0f05a23ae52508854b66f6aa0437f3449d652e8cbf22d5abe85d020f087'
DEPENDENCIES = ('geometry_msgs', 'std_msgs', 'builtin_interfaces')
FASTRTPS = 'rosidl_typesupport_fastrtps_c'
INTROSPECTION = 'rosidl_typesupport_introspection_c'
DISPATCH = 'rosidl_typesupport_c'
RUNTIME_LIBRARIES = (
    'rosidl_runtime_c', DISPATCH, FASTRTPS, 'rosidl_typesupport_fastrtps_cpp', INTROSPECTION,
    'fastcdr', 'rmw', 'rcutils')
COMPILERS = {'.c': ('gcc', '-std=gnu11'), '.cpp': ('g++', '-std=c++17')}
PROBE = (
    'from tf2_msgs.msg import TFMessage\n'
    'from geometry_msgs.msg import TransformStamped\n'
    'from rclpy.serialization import deserialize_message, serialize_message\n'
    'sent = TFMessage(transforms=[TransformStamped(child_frame_id="odom")])\n'
    'assert deserialize_message(serialize_message(sent), TFMessage) == sent\n'
    'import rclpy\n'
    'rclpy.init()\n'
    'node = rclpy.create_node("tf2_msgs_probe")\n'
    'node.create_publisher(TFMessage, "tf", 1)\n'
    'node.destroy_node()\n'
    'rclpy.shutdown()\n')


class BuildError(RuntimeError):
    """Something that the build needs is missing or failed; the message names the remedy."""


@dataclasses.dataclass(frozen=True)
class Prefix:
    """Where an environment keeps libraries, Python modules and shared files."""

    root: pathlib.Path
    modules: pathlib.Path

    @classmethod
    def of_this_interpreter(cls):
        """Return the prefix of the Python that runs this script."""
        return cls(pathlib.Path(sys.prefix), pathlib.Path(sysconfig.get_path('platlib')))

    def staged_below(self, folder):
        """Return the same layout below another root."""
        return Prefix(folder, folder / self.modules.relative_to(self.root))

    @property
    def libraries(self):
        """Return the folder of the shared libraries."""
        return self.root / 'lib'

    @property
    def share(self):
        """Return the folder with a sub-folder of files for each package."""
        return self.root / 'share'


@dataclasses.dataclass(frozen=True)
class Description:
    """What the type description step wrote: the interface in two further forms."""

    idl: pathlib.Path
    types: pathlib.Path


def check_prerequisites(prefix):
    """Raise BuildError with a remedy where the environment cannot build the package."""
    if sys.prefix == sys.base_prefix:
        raise BuildError('Run this with the Python of a virtual environment; scripts/setup does.')
    missing = [c[0] for c in COMPILERS.values() if shutil.which(c[0]) is None]
    if missing:
        raise BuildError(f'The compiler {missing[0]} was not found: install it (Debian and '
                         'Ubuntu: sudo apt install gcc g++) and run scripts/setup again.')
    header = pathlib.Path(sysconfig.get_path('include')) / 'Python.h'
    if not header.is_file():
        raise BuildError(f'The Python header {header} is missing: install the headers of this '
                         'Python (Debian and Ubuntu: sudo apt install python3-dev).')
    for package in DEPENDENCIES:
        if not (prefix.share / package).is_dir():
            raise BuildError(f'The ROS 2 package {package} is not in {prefix.root}: install '
                             'requirements/ros.txt first (scripts/setup does).')


def describe(definitions, prefix, work):
    """Write the IDL and the JSON type description of the message below ``work``."""
    from rosidl_generator_type_description.cli import HashTypeDescription
    definition = pathlib.Path('msg/TFMessage.msg')
    shutil.copytree(definitions / definition.parent, work / 'definition' / definition.parent)
    HashTypeDescription('hash').generate_type_hashes(
        PACKAGE, [f'{work / "definition"}:{definition}'], [str(prefix.share)],
        output_path=work / 'described')
    return Description(work / 'described' / 'tmp' / definition.with_suffix('.idl'),
                       work / 'described' / definition.with_suffix('.json'))


def check_type_hash(description):
    """Raise BuildError unless the type is the one that other ROS 2 machines know."""
    entries = json.loads(description.types.read_text())['type_hashes']
    found = next(e['hash_string'] for e in entries if e['type_name'].startswith(PACKAGE))
    if found != UPSTREAM_TYPE_HASH:
        raise BuildError(f'The generated type hash is {found}, upstream has {UPSTREAM_TYPE_HASH}: '
                         'restore msg/TFMessage.msg and the versions in requirements/ros.txt.')


def write_sources(description, prefix, work):
    """Write C, C++ and Python sources below ``work`` and return the folder of each generator."""
    from rosidl_generator_c.cli import GenerateC
    from rosidl_generator_cpp.cli import GenerateCpp
    from rosidl_generator_py.cli import GeneratePython
    from rosidl_typesupport_c.cli import GenerateCTypesupport
    from rosidl_typesupport_fastrtps_c.cli import GenerateFastRTPSCTypesupport
    from rosidl_typesupport_introspection_c.cli import GenerateIntrospectionCTypesupport
    both = {'typesupport_implementations': [FASTRTPS, INTROSPECTION]}
    generators = {
        'c': (GenerateC('c'), True),
        'cpp': (GenerateCpp('cpp'), True),
        'introspection': (GenerateIntrospectionCTypesupport('introspection'), False),
        'fastrtps': (GenerateFastRTPSCTypesupport('fastrtps'), False),
        'dispatch': (GenerateCTypesupport('dispatch', **both), False),
        'python': (GeneratePython('python', typesupport_implementations=[DISPATCH]), False),
    }
    interfaces = [f'{description.idl.parents[1]}:msg/{description.idl.name}']
    for name, (generator, wants_types) in generators.items():
        extra = {'type_description_files': [str(description.types)]} if wants_types else {}
        generator.generate(PACKAGE, interfaces, [str(prefix.share)],
                           output_path=work / name / PACKAGE, **extra)
    return {name: work / name for name in generators}


def include_folders(prefix, generated):
    """Return every folder in which the generated sources look for headers."""
    import numpy
    installed = [f for f in sorted((prefix.root / 'include').iterdir()) if f.is_dir()]
    return [*generated.values(), pathlib.Path(sysconfig.get_path('include')),
            pathlib.Path(numpy.get_include()), prefix.root / 'include', *installed]


def run_tool(command):
    """Run a compiler and raise BuildError with its last words where it fails."""
    finished = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if finished.returncode:
        sys.stderr.write(finished.stderr)
        lines = finished.stderr.strip().splitlines() or ['(no output)']
        raise BuildError(f'{command[0]} failed while building {PACKAGE}: {lines[-1]}')


def compile_sources(sources, includes, work):
    """Compile the files side by side and return their object files."""
    flags = ['-O1', '-fPIC', *(f'-I{folder}' for folder in includes)]
    objects = [work / f'{source.stem}_{i}.o' for i, source in enumerate(sources)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(run_tool, (
            [*COMPILERS[source.suffix], *flags, '-c', source, '-o', made]
            for source, made in zip(sources, objects))))
    return objects


def link(target, objects, libraries, folders, run_path):
    """Link object files into a shared library that finds its libraries along ``run_path``."""
    target.parent.mkdir(parents=True, exist_ok=True)
    run_tool(['g++', '-shared', '-s', '-o', target, *objects, *(f'-L{f}' for f in folders),
              f'-Wl,-rpath,{run_path}', *(f'-l{name}' for name in libraries)])


def build_libraries(generated, prefix, staged, work):
    """Build the type support library and the Python extension below the staged prefix."""
    def files(name, pattern):
        return sorted(generated[name].rglob(pattern))

    compiled = functools.partial(
        compile_sources, includes=include_folders(prefix, generated), work=work)
    needed = [f'{package}__{kind}' for package in DEPENDENCIES for kind in (
        'rosidl_generator_c', DISPATCH, FASTRTPS, INTROSPECTION)]
    support = f'{PACKAGE}__{FASTRTPS}'
    link(staged.libraries / f'lib{support}.so',
         compiled(files('c', '*.c') + files('introspection', '*.c') + files('fastrtps', '*.cpp')),
         [*needed, *RUNTIME_LIBRARIES], [prefix.libraries], '$ORIGIN')
    (staged.libraries / f'lib{PACKAGE}__{INTROSPECTION}.so').symlink_to(f'lib{support}.so')
    extension = f'{PACKAGE}_s__{DISPATCH}{sysconfig.get_config_var("EXT_SUFFIX")}'
    folder = staged.modules / PACKAGE
    up = os.path.relpath(staged.libraries, folder)
    link(folder / extension, compiled(files('dispatch', '*.cpp') + files('python', '*.c')),
         [support, *needed, *(f'{p}__rosidl_generator_py' for p in DEPENDENCIES),
          *RUNTIME_LIBRARIES], [staged.libraries, prefix.libraries], f'$ORIGIN/{up}')


def copy_python_and_share(generated, description, definitions, staged):
    """Copy the message class and the interface files below the staged prefix."""
    target = staged.modules / PACKAGE / 'msg'
    target.mkdir(parents=True, exist_ok=True)
    (target.parent / '__init__.py').touch()
    for name in ('__init__.py', f'{MODULE}.py'):
        shutil.copy(generated['python'] / PACKAGE / 'msg' / name, target)
    marker = staged.share / 'ament_index' / 'resource_index' / 'packages' / PACKAGE
    marker.parent.mkdir(parents=True)
    marker.touch()
    interface = staged.share / PACKAGE / 'msg'
    interface.mkdir(parents=True)
    for file in (definitions / 'msg' / 'TFMessage.msg', description.idl, description.types):
        shutil.copy(file, interface)


def install(staged, prefix):
    """Move every staged file to its place in the environment; each move is atomic."""
    for file in sorted(p for p in staged.root.rglob('*') if p.is_symlink() or p.is_file()):
        place = prefix.root / file.relative_to(staged.root)
        place.parent.mkdir(parents=True, exist_ok=True)
        os.replace(file, place)


def verify():
    """Raise BuildError unless a fresh Python can use the message in both type supports."""
    alone = {**os.environ, 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'OFF'}
    finished = subprocess.run(
        [sys.executable, '-c', PROBE], capture_output=True, text=True, env=alone)
    if finished.returncode:
        sys.stderr.write(finished.stderr)
        raise BuildError(f'{PACKAGE} was built but does not work: remove .venv and run '
                         'scripts/setup again.')


def main():
    """Build, install and verify the package in the environment of this Python."""
    prefix = Prefix.of_this_interpreter()
    definitions = pathlib.Path(__file__).resolve().parent
    check_prerequisites(prefix)
    os.environ['AMENT_PREFIX_PATH'] = str(prefix.root)
    with tempfile.TemporaryDirectory(dir=prefix.root, prefix='.tf2_msgs-') as folder:
        work = pathlib.Path(folder)
        staged = prefix.staged_below(work / 'staged')
        description = describe(definitions, prefix, work)
        check_type_hash(description)
        generated = write_sources(description, prefix, work)
        build_libraries(generated, prefix, staged, work)
        copy_python_and_share(generated, description, definitions, staged)
        install(staged, prefix)
    verify()


if __name__ == '__main__':
    try:
        main()
    except BuildError as error:
        sys.exit(str(error))
