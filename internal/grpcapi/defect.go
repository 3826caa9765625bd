package grpcapi

import (
	"context"
	"slices"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/refrain-asr/refrain/asr/audio"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/recording"
)

var defectToProto = map[recording.Defect]pb.Recording_Defect{
	recording.CustomerDead:     pb.Recording_DEFECT_CUSTOMER_DEAD,
	recording.CustomerFaint:    pb.Recording_DEFECT_CUSTOMER_FAINT,
	recording.CustomerNoise:    pb.Recording_DEFECT_CUSTOMER_NOISE,
	recording.SidesSwapped:     pb.Recording_DEFECT_SIDES_SWAPPED,
	recording.HeaderUnfinished: pb.Recording_DEFECT_HEADER_UNFINISHED,
	recording.Truncated:        pb.Recording_DEFECT_TRUNCATED,
	recording.ShorterThanCall:  pb.Recording_DEFECT_SHORTER_THAN_CALL,
}

func defectsToProto(d recording.Defects) []pb.Recording_Defect {
	return each(d.All(), func(d recording.Defect) pb.Recording_Defect { return defectToProto[d] })
}

func audioToProto(i audio.Info) *pb.AudioFormat {
	return &pb.AudioFormat{
		Codec: string(i.Codec), SampleRate: int32(i.Rate), Channels: int32(i.Channels),
		BitsPerSample: int32(i.Bits), Duration: durationpb.New(i.Duration()),
		Truncated: i.Truncated,
	}
}

// addVersions adds to a recording what it was before files that go on further took its
// place, and why it was set aside.
func (s *recordingServer) addVersions(
	ctx context.Context, id recording.ID, to *pb.Recording,
) error {
	aside, err := s.Recordings.AsideOf(ctx, id)
	if err != nil {
		return err
	}
	if aside != nil {
		to.SetAside = &pb.SetAside{Part: aside.Part, Actor: aside.By, Reason: aside.Reason,
			Time: timestamp(aside.At)}
	}
	versions, err := s.Recordings.Versions(ctx, id)
	if err != nil || len(versions) == 0 {
		return err
	}
	verdicts, err := s.Transcripts.VersionVerdicts(ctx, id)
	if err != nil {
		return err
	}
	to.Versions = each(versions, func(v recording.Version) *pb.RecordingVersion {
		return &pb.RecordingVersion{Audio: audioToProto(v.Audio), Sha256: v.SHA256,
			SizeBytes: v.Size, ReplaceTime: timestamp(v.ReplacedAt)}
	})
	// one may have been replaced meanwhile
	verdicts = slices.Clip(verdicts[:min(len(verdicts), len(versions))])
	for i, v := range verdicts {
		if v != nil {
			to.Versions[i].Judgement = judgementToProto(*v, "")
		}
	}
	return nil
}
