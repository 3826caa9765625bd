"""Decodes the clips of audio-cmn to 16 kHz, trims and levels them, and makes them faster
in time (WSOLA), as nobody speaks in sentences as slowly as in a dictionary.

usage: prep_cmn.py CMN_DIR OUT.npz   (CMN_DIR has 64k/hsk and 64k/syllabs)
"""
import os, re, sys
from multiprocessing import Pool
import numpy as np
import soundfile as sf
from scipy.signal import resample_poly

SR = 16000
RATES = {'hsk': (1.25, 1.5, 1.8), 'syllabs': (1.4, 1.7, 2.1)}
NAMES = {'hsk': r'[\u4e00-\u9fff]{1,5}', 'syllabs': r'[a-zü:]+[1-5]'}


def trim(x, head=0.012, tail=0.03):
    n = 160
    e = np.sqrt(np.mean(x[:len(x) // n * n].reshape(-1, n) ** 2, 1) + 1e-12)
    on = np.where(e > max(e.max(initial=0) * 0.03, 1e-4))[0]
    if len(on) == 0:
        return x[:0]
    return x[max(0, int(on[0] * n - head * SR)):int((on[-1] + 1) * n + tail * SR)]


def wsola(x, rate, win=480, seek=160):
    """time-compress x by rate"""
    hop = win // 2
    w = np.hanning(win + 1)[:win].astype(np.float32)
    n_out = int(len(x) / rate / hop)
    xp = np.concatenate([np.zeros(seek, np.float32), x, np.zeros(win * 2 + seek, np.float32)])
    y = np.zeros((n_out + 2) * hop, np.float32)
    prev = None
    for i in range(n_out):
        c = int(i * hop * rate) + seek
        if prev is not None:
            want = xp[prev + hop:prev + hop + win]
            lo = max(0, c - seek)
            seg = xp[lo:c + seek + win]
            if len(want) < win or len(seg) < win:
                break
            c = lo + 2 * int(np.argmax(np.correlate(seg[::2], want[::2], 'valid')))
        frame = xp[c:c + win]
        if len(frame) < win:
            break
        y[i * hop:i * hop + win] += frame * w
        prev = c
    return y[:(n_out + 1) * hop]


def level(y):
    v = y[np.abs(y) > 0.1 * np.abs(y).max()]
    return y / (np.sqrt(np.mean(v ** 2)) + 1e-6) * 0.1


def work(job):
    """-> key, a clip for each rate; None for a clip that is unreadable or too short"""
    kind, name, path = job
    try:
        x, sr = sf.read(path, dtype='float32', always_2d=True)
    except sf.LibsndfileError:
        return None
    x = x.mean(1)
    if sr != SR:
        g = np.gcd(SR, sr)
        x = resample_poly(x, SR // g, sr // g).astype(np.float32)
    x = trim(x)
    if len(x) < 0.08 * SR:
        return None
    out = [trim(wsola(x, r)) for r in RATES[kind]]
    if min(map(len, out)) < 0.06 * SR:
        return None
    return kind + '/' + name, [(np.clip(level(y), -1, 1) * 32767).astype(np.int16) for y in out]


def main():
    base, dst = sys.argv[1:3]
    jobs = []
    for kind in RATES:
        d = os.path.join(base, '64k', kind)
        names = [(f[4:-4], f) for f in sorted(os.listdir(d))]         # cmn-NAME.mp3
        jobs += [(kind, name, os.path.join(d, f)) for name, f in names if re.fullmatch(NAMES[kind], name)]
    clips = {}
    with Pool(2) as p:
        for r in filter(None, p.imap_unordered(work, jobs, chunksize=32)):
            clips.update(('%s/%d' % (r[0], i), y) for i, y in enumerate(r[1]))
    keys = sorted(clips)
    off = np.cumsum([0] + [len(clips[k]) for k in keys])
    np.savez(dst, keys=np.array(keys), off=off, data=np.concatenate([clips[k] for k in keys]))
    print(len(keys), 'clips', off[-1] / SR / 3600, 'h')


if __name__ == '__main__':
    main()
