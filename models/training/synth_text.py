"""Sentences: what people say on outbound sales calls (simplified Chinese), plus random
word strings so that the acoustic model meets every syllable.

usage: synth_text.py CMN.npz OUT_DIR   (CMN.npz from prep_cmn.py, for its words)
Writes text.tsv (sentence, held out of training, category, how often drawn) and vocab.txt.
"""
import os, random, re, sys, zlib
from collections import Counter
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
D = '零一二三四五六七八九'
# category, weight; templates lie in texts/CATEGORY.txt
BANK = [('core', 26), ('refuse', 24), ('busy', 11), ('interest', 13), ('neutral', 15), ('tricky', 9), ('agent', 6)]
# weights of the second clause's category (of the first six) behind a refusal, and elsewhere
AFTER_REFUSAL, AFTER_OTHER = [30, 25, 14, 8, 14, 6], [10, 10, 10, 15, 25, 10]
EXTRA = [' ', '，', '。', '？', '！', '、'] + list('0123456789') + list('ABCDEFGHIJKLMNOPQRSTUVWXYZ') + \
    list('abcdefghijklmnopqrstuvwxyz') + ['%', '-', '.', ':']


def lines(name):
    with open(os.path.join(HERE, 'texts', name + '.txt'), encoding='utf8') as f:
        return f.read().splitlines()


TEMPLATES = {c: lines(c) for c, _ in BANK}
SLOT = {k: v.split('|') for k, v in (line.split('\t') for line in lines('slots'))}
BEFORE, AFTER, QUESTION = SLOT.pop('before'), SLOT.pop('after'), tuple(SLOT.pop('question'))


def number(n):
    """a positive number below 100 million in words"""
    if n < 10:
        return D[n]
    if n < 20:
        return '十' + (D[n - 10] if n > 10 else '')
    if n < 100:
        return D[n // 10] + '十' + (D[n % 10] if n % 10 else '')
    for p, u in ((10000, '万'), (1000, '千'), (100, '百')):
        if n >= p:
            h, rest = divmod(n, p)
            s = number(h) + u
            if rest:
                s += '零' if rest < p // 10 else ''
                s += ('一' if 10 <= rest < 20 else '') + number(rest)
            return s


def hour(r):
    h = number(r.randint(1, 12)).replace('二', '两') if r.random() < .9 else '十二'
    h = h.replace('十两', '十二')
    return (r.choice(SLOT['part']) if r.random() < .75 else '') + h + '点' + r.choice(['', '', '半', '钟', '一刻', '多', '二十', '四十'])


def money(r):
    k = r.random()
    if k < .25:
        return number(r.randint(1, 99)) + r.choice(['块', '块钱', '元'])
    if k < .55:
        return number(r.randint(10, 99) * r.choice([10, 10, 1]) + r.randint(0, 9)) + r.choice(['块', '块钱', '元'])
    if k < .75:
        return number(r.randint(1, 99) * 100) + r.choice(['块', '块钱', '元'])
    if k < .95:
        return number(r.randint(1, 99)) + '万' + r.choice(['', '块', '左右', '多'])
    return r.choice(['几百块', '几千块', '十几万', '一百多', '两千多', '好几万', '两百块', '两万'])


def count(r):
    n = r.choice([2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 3, 5, 8])
    return '两' if n == 2 else number(n)


def phone(r):
    s = '一' + r.choice('三五七八') + ''.join(r.choice(D) for _ in range(9))
    return s.replace('一', '幺') if r.random() < .5 else s


MADE = {
    'name': lambda r: r.choice(SLOT['sur']) + ''.join(r.choice(SLOT['given']) for _ in range(r.choice([1, 2, 2]))),
    'time': hour, 'money': money, 'num': count, 'phone': phone,
    'date': lambda r: number(r.randint(1, 12)) + '月' + number(r.randint(1, 31)) + r.choice(['号', '号', '日']),
    'age': lambda r: number(r.randint(3, 88)),
    'area': lambda r: number(r.randint(40, 220)),
    'digits': lambda r: ''.join(r.choice(D) for _ in range(r.choice([4, 4, 6]))),
}


def fill(r, template):
    return re.sub(r'\{(\w+)\}', lambda m: MADE[m[1]](r) if m[1] in MADE else r.choice(SLOT[m[1]]), template)


def held_template(t):
    """about one template in eighteen is never trained on"""
    return t not in TEMPLATES['core'] and len(re.sub(r'\{.*?\}', '', t)) >= 4 and zlib.crc32(t.encode()) % 18 == 0


def sentence(r):
    """-> (text, held out, category)"""
    cat = r.choices([c for c, _ in BANK], [w for _, w in BANK])[0]
    t = r.choice(TEMPLATES[cat])
    held, s = held_template(t), fill(r, t)
    if r.random() < .28 and len(s) < 16:                  # a second clause
        j = r.choices(range(6), AFTER_REFUSAL if cat in ('core', 'refuse') else AFTER_OTHER)[0]
        t = r.choice(TEMPLATES[BANK[j][0]])
        held = held or held_template(t)
        s += r.choice(['，', '，', '？' if s.endswith(QUESTION) else '。']) + fill(r, t)
    if r.random() < .35:
        s = r.choice(BEFORE) + s
    if r.random() < .25:
        s += r.choice(AFTER)
    if s[-1] not in '。？':
        s = s.rstrip('，')
        s += '？' if s.endswith(QUESTION) else '。'
    return s, held or (len(s) > 7 and zlib.crc32(s.encode()) % 40 == 0), cat


def domain(r, draws=400000):
    """-> {sentence: [held out, category, how often drawn]}"""
    found = {}
    for _ in range(draws):
        s, held, cat = sentence(r)
        if len(s) <= 48:
            found.setdefault(s, [held, cat, 0])[2] += 1
    return found


def choose_chars(texts, words, most=1500):
    """the characters of the texts, and the words' most frequent ones"""
    chars = set(''.join(texts)) - set('，。？')
    for c, _ in Counter(c for w in words for c in set(w)).most_common():
        if len(chars) >= most:
            break
        chars.add(c)
    return chars


def random_strings(r, words, chars, n=90000):
    words = [w for w in words if set(w) <= chars]
    multi = [w for w in words if 2 <= len(w) <= 4]
    single = [w for w in words if len(w) == 1]
    found = {}
    while len(found) < n:
        ws = [r.choice(multi) if r.random() < .88 else r.choice(single) for _ in range(r.choice([1, 1, 2, 2, 3, 3, 4, 5]))]
        s = ''.join(ws)
        if len(ws) >= 4 and r.random() < .5:
            s = ''.join(ws[:2]) + '，' + ''.join(ws[2:])
        s += '。'
        found.setdefault(s, [zlib.crc32(s.encode()) % 20 == 0, 'random', 1])
    return found


def main():
    cmn, out = sys.argv[1:3]
    r = random.Random(7)
    words = sorted({k.split('/')[1] for k in np.load(cmn)['keys'] if k.startswith('hsk/')})
    dom = domain(r)
    rnd = random_strings(r, words, choose_chars(dom, words))
    os.makedirs(out, exist_ok=True)
    with open(os.path.join(out, 'text.tsv'), 'w', encoding='utf8') as f:
        for s, (held, cat, k) in [*dom.items(), *rnd.items()]:
            f.write('%s\t%d\t%s\t%d\n' % (s, held, cat, k))
    used = set(''.join([*dom, *rnd]))
    vocab = EXTRA + sorted(used - set(EXTRA))
    with open(os.path.join(out, 'vocab.txt'), 'w', encoding='utf8') as f:
        f.write('\n'.join(vocab) + '\n')
    print('domain sentences', len(dom), 'held', sum(v[0] for v in dom.values()), 'random', len(rnd), 'vocab', len(vocab))


if __name__ == '__main__':
    main()
