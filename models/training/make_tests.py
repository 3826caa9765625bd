"""Held-out recordings, 16 kHz.  usage: make_tests.py DATA_DIR CMN.npz OUT_DIR

Sets: a seen espeak-ng voices; b unseen ones; c recorded words joined; s recorded syllables
joined; d_a, d_b, d_c the same by telephone; r random word strings; e no speech.
"""
import os, random, sys
import numpy as np
import soundfile as sf
from sound import SR, UNSEEN, VARIANTS, channel, level, margins, nonspeech
from synth_audio import Maker, TextPicker

SETS = [('a', 200), ('b', 200), ('c', 200), ('s', 100), ('r', 100)]
BY_PHONE = 120


def say(r, maker, name, i, text):
    if name == 'a' or (name == 'r' and i % 2):
        return maker.espeak(r, text, r.choice(VARIANTS))
    if name == 'b':
        return maker.espeak(r, text, UNSEEN[i % 2])
    return maker.human(r, text, 'syllabs' if name == 's' else 'hsk')


def main():
    data, cmn, out = sys.argv[1:4]
    os.makedirs(out, exist_ok=True)
    maker, pick, r = Maker(data, cmn), TextPicker(data, held=True), random.Random(4242)
    rows = []

    def put(name, i, x, text, cat):
        path = '%s_%03d.wav' % (name, i)
        sf.write(os.path.join(out, path), np.clip(x, -1, 1), SR, subtype='PCM_16')
        rows.append((path, name, cat, text))
    for name, n in SETS:
        i = 0
        while i < n:
            text, cat = pick(r, 1.0 if name == 'r' else 0.0)
            got = say(r, maker, name, i, text)
            if not got or len(got[0]) > 11 * SR:
                continue
            x, _ = margins(r, got[0])
            if name in 'abc' and i < BY_PHONE:
                put('d_' + name, i, channel(random.Random(r.random()), x, phone=True), text, cat)
            put(name, i, level(r, x), text, cat)
            i += 1
    for i in range(100):
        put('e', i, nonspeech(r), '', 'nonspeech')
    with open(os.path.join(out, 'list.tsv'), 'w', encoding='utf8') as f:
        f.writelines('\t'.join(row) + '\n' for row in rows)
    print(len(rows), 'files')


if __name__ == '__main__':
    main()
