"""Speaks the sentences, sends them through a telephone line, and stores 8-bit log-mel shards.

usage: synth_audio.py DATA_DIR CMN.npz OUT_DIR WORKERS N_ESPEAK N_HUMAN N_NONSPEECH [SEED]
"""
import json, math, os, random, sys
from multiprocessing import Pool
import numpy as np
from features import logmel
from pinyin import Pinyin, dictionary, speakable, syllables
from sound import SR, VARIANTS, Espeak, channel, margins, nonspeech, respeed, strip

LONGEST_WORD = 5


class Clips:
    """the recorded words and syllables, by "hsk/没/1": kind, name, which tempo"""

    def __init__(self, path, chars):
        z = np.load(path)
        self.data, off = z['data'], z['off']
        self.at = {k: [(int(off[i]), int(off[i + 1]))] for i, k in enumerate(z['keys'])}
        self._split_missing(chars)

    def _split_missing(self, chars):
        """characters with no clip of their own: cut them out of two-character words at the
        quietest point near the middle"""
        have = {k.split('/')[1] for k in self.at if k.startswith('hsk/')}
        words = {}
        for w in sorted(w for w in have if len(w) == 2):
            for i in (0, 1):
                words.setdefault(w[i], []).append((w, i))
        for c in chars:
            if c in have:
                continue
            for w, i in words.get(c, [])[:3]:
                for tempo in range(3):
                    a, b = self.at['hsk/%s/%d' % (w, tempo)][0]
                    m = a + self._quietest(self.data[a:b])
                    self.at.setdefault('hsk/%s/%d' % (c, tempo), []).append((a, m) if i == 0 else (m, b))

    @staticmethod
    def _quietest(x):
        e = np.convolve(x.astype(np.float32) ** 2, np.ones(320), 'same')
        lo, hi = int(len(x) * .35), int(len(x) * .65)
        return lo + int(np.argmin(e[lo:hi]))

    def __contains__(self, key):
        return key in self.at

    def get(self, r, key):
        a, b = r.choice(self.at[key])
        return self.data[a:b].astype(np.float32) / 32767


class Maker:
    """texts -> (16 kHz speech, its syllables); None where it can't say a text"""

    def __init__(self, data, cmn):
        self.es = None                                    # started in the process that uses it
        self.py = Pinyin.load(os.path.join(data, 'pinyin.json'))
        self.clips = Clips(cmn, self.py.table)

    def espeak(self, r, text, variant=None):
        self.es = self.es or Espeak()
        seq = self.py(text, sandhi=r.random() < .75)
        if seq is None:
            return None
        v = variant or r.choice(VARIANTS)
        x = strip(self.es(speakable(seq), v, r.randint(125, 235), r.randint(15, 85), r.randint(25, 75)))
        if len(x) < 1500:
            return None
        return respeed(x, math.exp(r.gauss(0, .06)), self.es.sr), syllables(seq)

    def human(self, r, text, speaker=None):
        """words ("hsk") or syllables ("syllabs") joined; never both, as the change of
        speaker would give the word away"""
        seq = self.py(text)
        if seq is None:
            return None
        speaker = speaker or ('hsk' if r.random() < .72 else 'syllabs')
        tempo = r.choices([0, 1, 2], [25, 45, 30])[0]
        parts, i = [], 0
        while i < len(seq):
            if seq[i][1] is None:
                parts.append(np.zeros(int(SR * r.uniform(.05, .3)), np.float32))
                i += 1
                continue
            n, key = self._clip_for(r, seq[i:i + LONGEST_WORD], speaker, tempo)
            if n == 0:
                return None
            parts.append(self.clips.get(r, key) * math.exp(r.gauss(0, .2)))
            i += n
        y = self._join(r, parts)
        if np.abs(y).max() < 1e-3:
            return None
        return respeed(strip(y), math.exp(r.gauss(0.02, .11))), syllables(seq)

    def _clip_for(self, r, seq, speaker, tempo):
        """-> how many characters the clip covers, its key"""
        if speaker == 'syllabs':
            p = seq[0][1].replace('ju4', 'jv4')           # as audio-cmn spells it
            key = 'syllabs/%s/%d' % (p[:-1] + '4' if p[-1] == '5' else p, tempo)
            return (1, key) if key in self.clips else (0, '')
        for n in range(len(seq), 0, -1):
            key = 'hsk/%s/%d' % (''.join(c for c, _ in seq[:n]), tempo)
            if key in self.clips and (n == 1 or r.random() < .95):
                return n, key
        return 0, ''

    @staticmethod
    def _join(r, parts):
        f = int(SR * r.uniform(.008, .035))
        gaps = r.random() < .3
        ramp = np.linspace(0, 1, f, dtype=np.float32)
        y = parts[0]
        for q in parts[1:]:
            if len(q) <= f or len(y) <= f:
                y = np.concatenate([y, q])
            elif gaps and r.random() < .3:
                y = np.concatenate([y, np.zeros(int(SR * r.uniform(.01, .08)), np.float32), q])
            else:
                y = np.concatenate([y[:-f], y[-f:] * (1 - ramp) + q[:f] * ramp, q[f:]])
        return y


class TextPicker:
    """draws domain sentences by the root of their frequency, and random strings evenly"""

    def __init__(self, data, held=False):
        self.rnd, self.dom, weights = [], [], []
        with open(os.path.join(data, 'text.tsv'), encoding='utf8') as f:
            for line in f:
                s, h, c, k = line.rstrip('\n').split('\t')
                if (h == '1') != held:
                    continue
                if c == 'random':
                    self.rnd.append(s)
                else:
                    self.dom.append((s, c))
                    weights.append(int(k) ** .5)
        self.cum = np.cumsum(weights)

    def __call__(self, r, p_random):
        if r.random() < p_random:
            return r.choice(self.rnd), 'random'
        return self.dom[int(np.searchsorted(self.cum, r.random() * self.cum[-1]))]


def example(r, kind, maker, pick):
    """-> sound, text, syllables, end of speech in seconds"""
    if kind == 'n':
        x = nonspeech(r)
        return channel(r, x + 1e-9) if r.random() < .6 else x, '', [], 0.0
    while True:
        text, _ = pick(r, .30 if kind == 'e' else .4)
        got = maker.espeak(r, text) if kind == 'e' else maker.human(r, text)
        if got and len(got[0]) < 13 * SR:
            x, end = margins(r, got[0])
            return channel(r, x), text, got[1], end


def shard(job):
    """writes one shard; -> utterances, frames"""
    number, data, cmn, out, kinds, seed = job
    r = random.Random(seed * 1000 + number)
    maker, pick = Maker(data, cmn), TextPicker(data)
    todo = [k for k, n in kinds.items() for _ in range(n)]
    r.shuffle(todo)
    mels, meta = [], dict(off=[0], floor=[], text=[], ctc=[], end=[], kind=todo)
    for kind in todo:
        x, text, ctc, end = example(r, kind, maker, pick)
        if r.random() < .5:                               # as from a 16-bit file
            x = np.round(x * 32767) / 32768
        m, floor = logmel(x.astype(np.float32))
        mels.append(np.round((m - floor) / 2 * 255).clip(0, 255).astype(np.uint8))
        for k, v in (('off', meta['off'][-1] + len(m)), ('floor', floor), ('text', text), ('ctc', ' '.join(ctc)), ('end', end)):
            meta[k].append(v)
    base = os.path.join(out, 's%d_%03d' % (seed, number))
    np.save(base + '.mel.npy', np.concatenate(mels))
    with open(base + '.json', 'w', encoding='utf8') as f:
        json.dump(meta, f, ensure_ascii=False)
    return len(mels), meta['off'][-1]


def write_pinyin(data):
    path = os.path.join(data, 'pinyin.json')
    if os.path.exists(path):
        return
    with open(os.path.join(data, 'vocab.txt'), encoding='utf8') as f:
        chars = [c for c in f.read().split('\n') if '\u4e00' <= c <= '\u9fff']
    with open(path, 'w', encoding='utf8') as f:
        json.dump(dictionary(chars), f, ensure_ascii=False)


def main():
    data, cmn, out = sys.argv[1:4]
    workers, espeak, human, none = map(int, sys.argv[4:8])
    seed = int(sys.argv[8]) if len(sys.argv) > 8 else 1
    os.makedirs(out, exist_ok=True)
    write_pinyin(data)
    shards = max(1, (espeak + human + none) // 2000)
    kinds = dict(e=espeak // shards, h=human // shards, n=none // shards)
    with Pool(workers) as p:
        utterances = frames = 0
        for a, b in p.imap_unordered(shard, [(i, data, cmn, out, kinds, seed) for i in range(shards)]):
            utterances, frames = utterances + a, frames + b
            print(utterances, 'utterances', round(frames / 360000, 2), 'h', flush=True)


if __name__ == '__main__':
    main()
