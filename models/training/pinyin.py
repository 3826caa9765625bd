"""Characters -> pinyin, with the usual tone sandhi.

espeak-ng's own voice "cmn" reads most characters as English letters, so text is spoken
through its voice "cmn-latn-pinyin". The readings of single characters come from
espeak-ng's dictionary, by comparing what it would say for a character with what it
would say for every toned syllable; texts/readings.txt corrects them by word.
"""
import json, os, re, subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
PUNCTUATION = '，。？'
INITIALS = ['zh', 'ch', 'sh'] + list('bpmfdtnlgkhjqxrzcsyw')
_GKH = 'a ai an ang ao e ei en eng ong ou u ua uai uan uang ui un uo'
_JQX = 'i ia ian iang iao ie in ing iong iu u uan ue un'
_ZCS = 'a ai an ang ao e en eng i ong ou u uan ui un uo'
FINALS = {
    '': 'a ai an ang ao e ei en eng er o ou',
    'b': 'a ai an ang ao ei en eng i ian iao ie in ing o u',
    'p': 'a ai an ang ao ei en eng i ian iao ie in ing o ou u',
    'm': 'a ai an ang ao e ei en eng i ian iao ie in ing iu o ou u',
    'f': 'a an ang ei en eng o ou u',
    'd': 'a ai an ang ao e ei en eng i ia ian iao ie ing iu ong ou u uan ui un uo',
    't': 'a ai an ang ao e eng i ian iao ie ing ong ou u uan ui un uo',
    'n': 'a ai an ang ao e ei en eng i ian iang iao ie in ing iu ong ou u uan uo v ve',
    'l': 'a ai an ang ao e ei eng i ia ian iang iao ie in ing iu ong ou u uan un uo v ve',
    'g': _GKH, 'k': _GKH, 'h': _GKH,
    'j': _JQX, 'q': _JQX, 'x': _JQX,
    'zh': _ZCS + ' ei ua uai uang', 'ch': _ZCS + ' ua uai uang', 'sh': _ZCS + ' ei ua uai uang',
    'z': _ZCS + ' ei', 'c': _ZCS, 's': _ZCS,
    'r': 'an ang ao e en eng i ong ou u ua uan ui un uo',
    'y': 'a an ang ao e i in ing o ong ou u uan ue un',
    'w': 'a ai an ang ao ei en eng o u',
}
SYLLABLES = sorted(i + f for i, fs in FINALS.items() for f in fs.split())
AFTER_YI_STAYS = '二三四五六七八九零一月号日幺'    # 一 in a number keeps its tone
BEFORE_YI_STAYS = '十零一二三四五六七八九周期第'


def readings():
    """word -> list of its syllables"""
    with open(os.path.join(HERE, 'texts', 'readings.txt'), encoding='utf8') as f:
        return {w: p for w, *p in (line.split() for line in f)}


def phonemes(items):
    """what espeak-ng would say, an item each"""
    out = subprocess.run(['espeak-ng', '-q', '-v', 'cmn-latn-pinyin', '-x'], check=True, text=True, capture_output=True,
                         input='\n\n'.join(x + '。' for x in items)).stdout
    lines = [re.sub(r"[\s'_|]", '', line) for line in out.split('\n')]
    lines = [line for line in lines if line]
    if len(lines) != len(items):
        raise RuntimeError('espeak-ng read %d of %d items' % (len(lines), len(items)))
    return lines


def dictionary(chars):
    """character -> syllable, for those that espeak-ng knows"""
    toned = sorted(s + t for s in SYLLABLES for t in '12345')
    by_sound = {}
    for s, p in zip(toned, phonemes(toned)):
        by_sound.setdefault(p, s)
    chars = sorted(chars)
    return {c: by_sound[p] for c, p in zip(chars, phonemes(chars)) if p in by_sound}


class Pinyin:
    def __init__(self, table):
        self.table, self.words = table, readings()
        self.longest = max(map(len, self.words))

    @classmethod
    def of_texts(cls, texts):
        return cls(dictionary({c for t in texts for c in t if '\u4e00' <= c <= '\u9fff'}))

    @classmethod
    def load(cls, path):
        with open(path, encoding='utf8') as f:
            return cls(json.load(f))

    def __call__(self, text, sandhi=False):
        """-> list of (character, syllable or None for punctuation), or None if a character is unknown"""
        out, i = [], 0
        while i < len(text):
            for n in range(min(self.longest, len(text) - i), 0, -1):
                p = self.words.get(text[i:i + n])
                if p:
                    out += zip(text[i:i + n], p)
                    i += n
                    break
            else:
                c = text[i]
                if c not in PUNCTUATION and c not in self.table:
                    return None
                out.append((c, self.table.get(c)))
                i += 1
        return _sandhi(out) if sandhi else out

    def spoken(self, text, sandhi=True):
        """the text as speakable() wants it, or None"""
        seq = self(text, sandhi)
        return seq and speakable(seq)


def speakable(seq):
    """input for espeak-ng's voice cmn-latn-pinyin"""
    return ''.join(p + ' ' if p else (', ' if c == '，' else '. ') for c, p in seq)


def syllables(seq):
    return [p for _, p in seq if p]


def _sandhi(seq):
    out = list(seq)
    for k, ((c, p), (after, nx)) in enumerate(zip(out, out[1:])):
        if not p or not nx:
            continue
        if c == '不' and nx[-1] == '4':
            out[k] = (c, 'bu2')
        elif c == '一' and p == 'yi1' and after not in AFTER_YI_STAYS and not (k and out[k - 1][0] in BEFORE_YI_STAYS):
            out[k] = (c, 'yi2' if nx[-1] == '4' else 'yi4')
        elif p[-1] == '3' and nx[-1] == '3':
            out[k] = (c, p[:-1] + '2')
    return out


def units(syllable):
    """syllable -> CTC units: initial, and final with tone"""
    for i in INITIALS:
        if syllable.startswith(i) and len(syllable) > len(i) + 1:
            return [i, syllable[len(i):]]
    return [syllable]
