package transcript

import (
	"context"

	"github.com/refrain-asr/refrain/internal/cli/output"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/recording"
)

// Unheard stands for people in place of "no suspect" where the customer could not be heard.
const Unheard = "customer not heard"

// DefectNames are the names of defects for JSON; never nil.
func DefectNames(d recording.Defects) []string {
	names := []string{}
	for _, d := range d.All() {
		names = append(names, string(d))
	}
	return names
}

// DefectText tells people what is wrong with a recording and what to do, a line a defect.
func DefectText(d recording.Defects) (lines []string) {
	for _, d := range d.All() {
		lines = append(lines, indent+"! "+d.Advice()+" ("+string(d)+")")
	}
	return lines
}

// DefectsOf asks the server what is wrong with recordings, by their names, taken together.
func DefectsOf(
	ctx context.Context, cl pb.RecordingServiceClient, names ...string,
) (d recording.Defects, err error) {
	for _, name := range names {
		resp, err := cl.GetRecording(ctx, &pb.GetRecordingRequest{Name: name})
		if err != nil {
			return 0, err
		}
		d |= RemoteDefects(resp.GetRecording())
	}
	return d, nil
}

// RemoteDefects are what the server says is wrong with a recording. Those of a newer server
// that are not known here are left out.
func RemoteDefects(r *pb.Recording) (d recording.Defects) {
	for _, x := range r.GetDefects() {
		known, err := recording.ParseDefects(output.EnumName(x, "DEFECT_"))
		if err == nil {
			d |= known
		}
	}
	return d
}
