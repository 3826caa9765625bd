package models

import (
	"slices"

	"github.com/refrain-asr/refrain/asr"
)

// DefaultBaseURL is where the official models lie: whisper.cpp's own collection.
const DefaultBaseURL = "https://huggingface.co/ggerganov/whisper.cpp/resolve/main"

// Known is an official model, as published for whisper.cpp.
type Known struct {
	// Name is what a user types: "base", "large-v3-turbo-q5_0".
	Name string
	// Size of the file in bytes.
	Size int64
	// SHA256 and SHA1 of the file, lower-case hexadecimal.
	SHA256, SHA1 string
}

// File is the name under which the model is published and kept.
func (k Known) File() string { return "ggml-" + k.Name + ".bin" }

// Model gives the model's traits. Official models take several utterances in one
// window; a shorter context was not measured to be harmless for them.
func (k Known) Model() asr.Model {
	return asr.Model{Name: k.Name, SHA256: k.SHA256, Packs: true}
}

// Catalogue lists the official models that understand Chinese, smallest family first.
func Catalogue() []Known { return slices.Clone(catalogue) }

// Find looks up an official model by its name or the name of its file.
func Find(name string) (Known, bool) {
	i := slices.IndexFunc(catalogue, func(k Known) bool {
		return name == k.Name || name == k.File()
	})
	if i < 0 {
		return Known{}, false
	}
	return catalogue[i], true
}

// bySHA256 looks up an official model by its contents.
func bySHA256(sum string) (Known, bool) {
	i := slices.IndexFunc(catalogue, func(k Known) bool { return k.SHA256 == sum })
	if i < 0 {
		return Known{}, false
	}
	return catalogue[i], true
}

// catalogue leaves out the models that understand English only ("tiny.en").
//
// Sizes and SHA-256 are those that the collection at DefaultBaseURL records for its
// files (revision 5359861c739e955e79d9a303bcbc70fb988958b1). SHA-1 are those of
// models/README.md in the whisper.cpp repository, and for the quantised models
// missing there, of the collection's own README. A name without a quantised form
// (large-v1, large-v3-q8_0) has none published.
var catalogue = []Known{
	{"tiny", 77691713, "be07e048e1e599ad46341c8d2a135645097a538221678b7acdd1b1919c6e1b21",
		"bd577a113a864445d4c299885e0cb97d4ba92b5f"},
	{"tiny-q5_1", 32152673, "818710568da3ca15689e31a743197b520007872ff9576237bda97bd1b469c3d7",
		"2827a03e495b1ed3048ef28a6a4620537db4ee51"},
	{"tiny-q8_0", 43537433, "c2085835d3f50733e2ff6e4b41ae8a2b8d8110461e18821b09a15c40c42d1cca",
		"19e8118f6652a650569f5a949d962154e01571d9"},
	{"base", 147951465, "60ed5bc3dd14eea856493d334349b405782ddcaf0028d4b5df4088345fba2efe",
		"465707469ff3a37a2b9b8d8f89f2f99de7299dac"},
	{"base-q5_1", 59707625, "422f1ae452ade6f30a004d7e5c6a43195e4433bc370bf23fac9cc591f01a8898",
		"a3733eda680ef76256db5fc5dd9de8629e62c5e7"},
	{"base-q8_0", 81768585, "c577b9a86e7e048a0b7eada054f4dd79a56bbfa911fbdacf900ac5b567cbb7d9",
		"7bb89bb49ed6955013b166f1b6a6c04584a20fbe"},
	{"small", 487601967, "1be3a9b2063867b937e64e2ec7483364a79917e157fa98c5d94b5c1fffea987b",
		"55356645c2b361a969dfd0ef2c5a50d530afd8d5"},
	{"small-q5_1", 190085487, "ae85e4a935d7a567bd102fe55afc16bb595bdb618e11b2fc7591bc08120411bb",
		"6fe57ddcfdd1c6b07cdcc73aaf620810ce5fc771"},
	{"small-q8_0", 264464607, "49c8fb02b65e6049d5fa6c04f81f53b867b5ec9540406812c643f177317f779f",
		"bcad8a2083f4e53d648d586b7dbc0cd673d8afad"},
	{"medium", 1533763059, "6c14d5adee5f86394037b4e4e8b59f1673b6cee10e3cf0b11bbdbee79c156208",
		"fd9727b6e1217c2f614f9b698455c4ffd82463b4"},
	{"medium-q5_0", 539212467, "19fea4b380c3a618ec4723c3eef2eb785ffba0d0538cf43f8f235e7b3b34220f",
		"7718d4c1ec62ca96998f058114db98236937490e"},
	{"medium-q8_0", 823369779, "42a1ffcbe4167d224232443396968db4d02d4e8e87e213d3ee2e03095dea6502",
		"e66645948aff4bebbec71b3485c576f3d63af5d6"},
	{"large-v1", 3094623691, "7d99f41a10525d0206bddadd86760181fa920438b6b33237e3118ff6c83bb53d",
		"b1caaf735c4cc1429223d5a74f0f4d0b9b59a299"},
	{"large-v2", 3094623691, "9a423fe4d40c82774b6af34115b8b935f34152246eb19e80e376071d3f999487",
		"0f4c8e34f21cf1a914c59d8b3ce882345ad349d6"},
	{"large-v2-q5_0", 1080732091,
		"3a214837221e4530dbc1fe8d734f302af393eb30bd0ed046042ebf4baf70f6f2",
		"00e39f2196344e901b3a2bd5814807a769bd1630"},
	{"large-v2-q8_0", 1656129691,
		"fef54e6d898246a65c8285bfa83bd1807e27fadf54d5d4e81754c47634737e8c",
		"da97d6ca8f8ffbeeb5fd147f79010eeea194ba38"},
	{"large-v3", 3095033483, "64d182b440b98d5203c4f9bd541544d84c605196c4f7b845dfa11fb23594d1e2",
		"ad82bf6a9043ceed055076d0fd39f5f186ff8062"},
	{"large-v3-q5_0", 1081140203,
		"d75795ecff3f83b5faa89d1900604ad8c780abd5739fae406de19f23ecd98ad1",
		"e6e2ed78495d403bef4b7cff42ef4aaadcfea8de"},
	{"large-v3-turbo", 1624555275,
		"1fc70f774d38eb169993ac391eea357ef47c88757ef72ee5943879b7e8e2bc69",
		"4af2b29d7ec73d781377bfd1758ca957a807e941"},
	{"large-v3-turbo-q5_0", 574041195,
		"394221709cd5ad1f40c46e6031ca61bce88931e6e088c188294c6d5a55ffa7e2",
		"e050f7970618a659205450ad97eb95a18d69c9ee"},
	{"large-v3-turbo-q8_0", 874188075,
		"317eb69c11673c9de1e1f0d459b253999804ec71ac4c23c17ecf5fbe24e259a1",
		"01bf15bedffe9f39d65c1b6ff9b687ea91f59e0e"},
}
