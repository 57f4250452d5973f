"""The table of keep.sh: from the JSON of `clipsim eval`, METHOD@SEED.json in a folder, a row a method.

    keep_table.py FOLDER METHOD...
"""

import json
import pathlib
import statistics
import sys

FIGURES = (("recall_at_1", "R@1"), ("mean_average_precision_at_r", "MAP@R"))
GROUPS = (("seen_classes", "seen"), ("held_out_classes", "unseen"))


def main():
    folder, methods = pathlib.Path(sys.argv[1]), sys.argv[2:]
    columns = [f"{title} {name}" for _, title in GROUPS for _, name in FIGURES]
    print(f"{'':22}" + "".join(f"{column:>14}" for column in columns) + f"{'seeds unseen':>16}")
    for number, method in enumerate(methods):
        reports = [json.loads(path.read_text()) for path in sorted(folder.glob(f"{method}@*.json"))]
        if number == 0:
            print_row("untrained", reports, "before", "")
        losing = sum(
            any(report["held_out_classes"]["after"][key] < report["held_out_classes"]["before"][key] for key, _ in FIGURES)
            for report in reports
        )
        print_row(method, reports, "after", f"{len(reports) - losing} of {len(reports)} hold")


def print_row(name, reports, state, note):
    cells = []
    for group, _ in GROUPS:
        for key, _ in FIGURES:
            cells.append(statistics.mean(report[group][state][key] for report in reports))
    print(f"{name:22}" + "".join(f"{cell:14.4f}" for cell in cells) + f"{note:>16}", flush=True)


if __name__ == "__main__":
    main()
