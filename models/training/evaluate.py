"""usage: evaluate.py HEAR TESTS_DIR MODEL [SHOW]

Has the program HEAR (the folder hear/, built) transcribe what make_tests.py made, and
prints the character error rate of each set, and how many refusal phrases were found.
SHOW: how many wrong ones to print.
"""
import os, re, subprocess, sys
from collections import Counter, defaultdict

PHRASES = '''没兴趣 不感兴趣 没有兴趣 不想听 不需要 不用了 别再打 别打 不要再打 不要再给我打 投诉 举报 报警 拉黑 打错 已经买
没钱 不考虑 骚扰 不想了解'''.split()


def bare(s):
    return re.sub(r'[^\w]|_', '', s)


def edits(a, b):
    p = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        q = [i]
        for j, y in enumerate(b, 1):
            q.append(min(p[j] + 1, q[-1] + 1, p[j - 1] + (x != y)))
        p = q
    return p[-1]


def transcribe(hear, model, paths):
    """-> path: (seconds, text)"""
    out = subprocess.run([hear, model], input=''.join(p + '\n' for p in paths), capture_output=True, text=True, check=True).stdout
    rows = (line.split('\t') for line in out.splitlines())
    return {path: (float(took), text) for path, took, text in rows}


def score(rows, heard):
    """-> counters by set, wrong ones"""
    sets, wrong = defaultdict(Counter), []
    for path, name, text in rows:
        took, got = heard[path]
        want, have = bare(text), bare(got)
        n = edits(want, have)
        c = sets[name]
        c.update(files=1, ms=1000 * took, edits=n, chars=len(want), exact=n == 0, spoke=have != '')
        for k in PHRASES:
            c.update(found=k in want and k in have, missed=k in want and k not in have, invented=k in have and k not in want)
        if n:
            wrong.append((name, text, got))
    return sets, wrong


def main():
    hear, tests, model = sys.argv[1:4]
    show = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    with open(os.path.join(tests, 'list.tsv'), encoding='utf8') as f:
        rows = [(os.path.join(tests, p), name, text) for p, name, _, text in (line.rstrip('\n').split('\t') for line in f)]
    sets, wrong = score(rows, transcribe(hear, model, [path for path, _, _ in rows]))
    for name, c in sets.items():
        print('%-5s %4d files %4.0f ms each  ' % (name, c['files'], c['ms'] / c['files']), end='')
        if not c['chars']:
            print('%d spoke' % c['spoke'])
            continue
        print('CER %5.1f %%  exact %5.1f %%  phrases found %d, missed %d, invented %d' % (
            100 * c['edits'] / c['chars'], 100 * c['exact'] / c['files'], c['found'], c['missed'], c['invented']))
    for w in wrong[:show]:
        print('   ', *w, sep=' | ')


if __name__ == '__main__':
    main()
