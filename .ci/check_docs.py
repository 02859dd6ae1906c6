"""Checks the shell commands of the documentation; `.ci/check-docs` runs it and says how."""

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

WORK, SAM, *PAGES = sys.argv[1:]
WORK = Path(WORK)
ROOT = Path.cwd()
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", "target"))
OUR_PROGRAMS = {"admin", "bench", "local"}

# Real commands that only read their input and write to standard output.
REAL = "cat cut date dirname env grep head jq ls mktemp sed seq sha256sum sort tail tr uniq wc".split()
# Commands of others whose arguments have no parser here.
UNCHECKED = "bash curl docker git mvn npm npx pip python3 rustup shred sleep".split()
# What a stand-in prints: a number, a name, and long enough for an identifier of AWS's.
ANSWER = "10000000000000000001"

failures = []


def fail(page, text):
    failures.append(f"{page}: {text}")


# ---- The commands of a page --------------------------------------------------------------------------------

# Inline code that is a command: a program and at least one argument.
COMMAND = re.compile(r"(?:[A-Z_]+=\S+ )*(?:aws|cargo|gh|sam|docker|\.ci/\w|scripts/\w)[^`]* [^`]*")


def scripts(page):
    """The blocks of a page, and its inline commands, in their order: line number and script."""
    text = Path(page).read_text()
    for match in re.finditer(r"^```(?:sh|bash)\n(.*?)^```|(?<!`)`([^`]+)`(?!`)", text, re.S | re.M):
        block, inline = match.groups()
        line = text.count("\n", 0, match.start()) + (2 if block else 1)
        if block is not None:
            yield line, block
        elif COMMAND.fullmatch(inline.replace("\n", " ")):
            yield line, inline.replace("\n", " ") + "\n"


def parses(page, parts):
    good = True
    for line, script in parts:
        result = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True)
        if result.returncode != 0:
            fail(f"{page}:{line}", result.stderr.strip())
            good = False
    # SC2034: the reader uses the variable. SC2155: nobody tests the status of an assignment. SC1091: sourced files.
    checker = ["shellcheck", "--shell=bash", "--severity=warning", "--exclude=SC2034,SC2155,SC1091", "-"]
    result = subprocess.run(checker, input="".join(script for _, script in parts), text=True, capture_output=True)
    if result.returncode != 0:
        fail(page, result.stdout.strip())
    return good


def links(page):
    """Relative links lead to files that exist, and to headings of pages."""
    text = re.sub(r"^```.*?^```", "", Path(page).read_text(), flags=re.S | re.M)
    for path, anchor in re.findall(r"\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]*))?\)", text):
        target = Path(page).parent / path if path else Path(page)
        if not target.exists():
            fail(page, f"a link to {path}, which does not exist")
        elif anchor:
            headings = re.findall(r"^#+ (.*)$", target.read_text(), re.M)
            anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
            if anchor not in anchors:
                fail(page, f"a link to {path}#{anchor}, which has no such heading")


# ---- The sandbox -------------------------------------------------------------------------------------------

STAND_IN = f"#!{shutil.which('bash')}\n" + """\
# Records its arguments, and answers.
jq --compact-output --null-input --arg command "$0" --arg at "$PWD" '{$command, $at, arguments: $ARGS.positional}' \
  --args -- "$@" >>"$CALLS"
[[ -t 0 ]] || cat >/dev/null
case " $* " in
  *" --output text "* | *" --jq "* | *" output "*) echo "$ANSWER" ;;
  *" functions "*) echo function ;;
  *) echo '{}' ;;
esac
"""


def run(page, parts):
    """Runs a page, and returns the calls that its commands made."""
    sandbox = WORK / page.replace("/", "-")
    commands, checkout = sandbox / "bin", sandbox / "checkout"
    # A copy, which a page may write to.
    shutil.copytree(ROOT, checkout, ignore=shutil.ignore_patterns(".git", ".aws-sam", "target", TARGET.name))
    (checkout / ".venv/bin").mkdir(parents=True)
    (checkout / ".venv/bin/activate").touch()
    commands.mkdir()
    for name in REAL:
        (commands / name).symlink_to(shutil.which(name))
    stand_ins = [commands / name for name in ["aws", "cargo", "gh", "sam", *UNCHECKED]]
    own = [path for folder in ("scripts", ".ci") for path in (checkout / folder).iterdir()]
    for path in stand_ins + [path for path in own if path.is_file() and os.access(path, os.X_OK)]:
        path.write_text(STAND_IN)
        path.chmod(0o755)
    calls = sandbox / "calls"
    calls.touch()
    # All of the page is one script, as later blocks use the variables of earlier ones.
    script = "set -u\n" + "".join(f"{script}\n" for _, script in parts)
    environment = {"PATH": commands, "HOME": sandbox, "CALLS": calls, "ANSWER": ANSWER, "LANG": "C.UTF-8"}
    bash = [shutil.which("bash"), "-c", script, page]
    options = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True, "timeout": 60}
    result = subprocess.run(bash, cwd=checkout, env=environment, **options)
    for line in result.stderr.splitlines():
        # The number in bash's message is of the page's blocks, one after the other.
        if re.search(r"unbound variable|command not found|syntax error|No such file|jq: \d+ compile", line):
            fail(page, line)
    return [json.loads(line) for line in calls.read_text().splitlines()]


# ---- The calls ---------------------------------------------------------------------------------------------

class Reached(BaseException):
    """The AWS CLI was about to send a request."""


def aws(arguments, at):
    """None if the AWS CLI would send a request for these arguments, else its error."""
    from awscli.clidriver import create_clidriver

    def stop(**_):
        raise Reached

    # Of a file that the page itself has made, only the argument counts.
    made = [one for one in arguments if one.startswith("file://") and not Path(one.removeprefix("file://")).exists()]
    arguments = ["{}" if one in made else one for one in arguments]
    driver = create_clidriver()
    driver.session.set_credentials("key", "secret")
    driver.session.register("before-send.*.*", stop)
    output = io.StringIO()
    os.chdir(at)
    try:
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            driver.main(arguments)
    except Reached:
        return None
    except SystemExit:
        pass
    finally:
        os.chdir(ROOT)
    error = " ".join(output.getvalue().split())
    return None if made and "Parameter validation failed" in error else error or "no request"


def parser(program, arguments):
    """None if the program takes these arguments. `--help` at the end keeps it from doing anything."""
    arguments = [one for one in arguments if one != "…"]
    environment = os.environ | {"SAM_CLI_TELEMETRY": "0"}
    result = subprocess.run([program, *arguments, "--help"], capture_output=True, text=True, env=environment)
    return None if result.returncode == 0 else " ".join(result.stderr.split())


def packages():
    metadata = ["cargo", "metadata", "--no-deps", "--offline", "--format-version", "1"]
    return json.loads(subprocess.run(metadata, capture_output=True, check=True).stdout)["packages"]


def cargo(arguments):
    if arguments[:1] == ["run"]:
        own = arguments.index("--") if "--" in arguments else len(arguments)
        options = arguments[1:own]
        package = next((value for flag, value in zip(options, options[1:]) if flag in ("-p", "--package")), "local")
        if "--example" in options:
            example = options[options.index("--example") + 1]
            targets = [target for one in packages() if one["name"] == package for target in one["targets"]]
            is_ours = any(target["name"] == example and "example" in target["kind"] for target in targets)
            return None if is_ours else f"no example of ours: {example} of {package}"
        if package not in OUR_PROGRAMS:
            return f"no program of ours: {package}"
        return parser(TARGET / "debug" / package, arguments[own + 1:])
    if not re.fullmatch(r"build|clippy|deny|fmt|fuzz|lambda|test|update", (arguments or [""])[0]):
        return "an unknown command of cargo"
    named = {value for flag, value in zip(arguments, arguments[1:]) if flag in ("-p", "--package")}
    missing = named - {package["name"] for package in packages()}
    return f"no package {missing}" if missing else None


def section(template, name):
    """The names in a section of a template."""
    text = Path(template).read_text()
    found = re.search(rf"^{name}:\n((?:(?:[ #].*)?\n)*)", text, re.M)
    return set(re.findall(r"^  (\w+):$", found[1], re.M)) if found else set()


def own_script(path, arguments):
    text = Path(path).read_text()
    for flag in (argument.split("=")[0] for argument in arguments if argument.startswith("--")):
        if flag not in text and flag != "--help":
            return f"{path} knows no {flag}"
    if path == "scripts/ops" and arguments != ["--help"]:
        command, *rest = arguments or [""]
        if not re.search(rf"^#   scripts/ops {re.escape(command)} ?", text, re.M):
            return f"scripts/ops knows no {command}"
        if command == "output":
            templates = ["template.yaml", *Path("deploy").glob("*.yaml")]
            outputs = set().union(*(section(template, "Outputs") for template in templates))
            if set(rest) - outputs or len(rest) != 1:
                return f"no output of a stack: {rest}"
        if command == "set":
            return parameters("template.yaml", rest)
    if path == "scripts/deploy":
        return parameters("template.yaml", arguments[1:])
    return None


def parameters(template, assignments):
    unknown = {one.split("=")[0] for one in assignments} - section(template, "Parameters")
    return f"{template} has no parameter {unknown}" if unknown else None


def deploys(arguments):
    """Whether the parameters of `aws cloudformation deploy` are the template's."""
    if arguments[:2] == ["cloudformation", "deploy"] and "--parameter-overrides" in arguments:
        overrides = arguments[arguments.index("--parameter-overrides") + 1:]
        assignments = [one for one in overrides if re.match(r"\w+=", one)]
        return parameters(arguments[arguments.index("--template-file") + 1], assignments)
    return None


def bad_json(arguments):
    for argument in arguments:
        if re.match(r'\s*(\{\s*"|\[\s*[\[{"])', argument):
            try:
                json.loads(argument)
            except ValueError as error:
                return f"{error} in {argument}"
    return None


def checked(page, call):
    command, arguments = call["command"], call["arguments"]
    name = Path(command).name
    if Path(command).parent.name in ("scripts", ".ci"):
        name = f"{Path(command).parent.name}/{name}"
        error = own_script(name, arguments)
    elif name == "aws":
        error = aws(arguments, call["at"]) or deploys(arguments)
    elif name == "cargo":
        error = cargo(arguments)
    elif name == "sam":
        error = parser(SAM, arguments)
    else:
        error = None
    error = error or bad_json(arguments)
    if error:
        fail(page, f"{name} {' '.join(arguments)}: {error}")


count = 0
for page in PAGES:
    links(page)
    # .ci/generated-clients runs their commands.
    if Path(page).match("examples/*/README.md"):
        continue
    parts = list(scripts(page))
    if not parses(page, parts):
        continue
    os.environ |= {"AWS_DEFAULT_REGION": "eu-west-1", "AWS_EC2_METADATA_DISABLED": "true"}
    calls = run(page, parts)
    count += len(calls)
    unique = [json.loads(call) for call in dict.fromkeys(map(json.dumps, calls))]
    for call in unique:
        checked(page, call)

if failures:
    sys.exit("\n".join(failures))
print(f"{count} calls on {len(PAGES)} pages")
