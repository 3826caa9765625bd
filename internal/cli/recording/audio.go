package recording

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/files"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const audioHelp = `Get a recording's file as it came, by the recording or by its call.

A call whose audio is in several files needs the recording's id, or --part. Who gets what
is logged.`

// audioLine is what was written, as JSON.
type audioLine struct {
	Recording string `json:"recording"`
	File      string `json:"file"`
	Bytes     int64  `json:"bytes"`
	SHA256    string `json:"sha256"`
	MediaType string `json:"media_type"`
}

func newAudio(k *command) *cobra.Command {
	var out, part string
	cmd := &cobra.Command{
		Use: "audio RECORDING|CALL --out FILE", Short: "Get a recording's file as it came", Long: audioHelp,
		Args: usage.OneArg("RECORDING or CALL"),
		Example: "  refrain recording audio 01K3ABCDEFGHJKMNPQRSTVWXYZ --out call.wav\n" +
			"  refrain recording audio 4711 --part r --out - | sox -t wav - -d",
	}
	cmd.Flags().StringVar(&out, "out", "", "write to this `file`, which must not be there yet; - for "+
		"standard output")
	partFlag(cmd, &part)
	cmd.RunE = k.Action(func(cmd *cobra.Command, args []string) error {
		switch {
		case out == "":
			return usage.Errorf("say where to: --out FILE, or --out - for standard output")
		case out == "-" && *k.format == output.JSON:
			return usage.Errorf("--out - is the sound itself; leave --format json out")
		}
		return k.client.With(func(cl *client.Client) error {
			rec, err := find(cmd.Context(), cl, args[0], part, cmd.Flags().Changed("part"))
			if err != nil {
				return err
			}
			return k.audio(cmd.Context(), cl, rec, out)
		})
	})
	return cmd
}

func partFlag(cmd *cobra.Command, part *string) {
	cmd.Flags().StringVar(part, "part", "", "which `part` of the call, where it has several")
}

// find finds the recording that is meant: by its name or id, or by its call.
func find(
	ctx context.Context, cl *client.Client, arg, part string, parted bool,
) (*pb.Recording, error) {
	resp, err := cl.Recordings.ListRecordings(ctx, &pb.ListRecordingsRequest{CallId: arg, PageSize: 1000})
	if err != nil {
		return nil, err
	}
	var found []*pb.Recording
	for _, r := range resp.GetRecordings() {
		if !parted || r.GetPart() == part {
			found = append(found, r)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		var parts []string
		for _, r := range found {
			parts = append(parts, fmt.Sprintf("%q (%s)", r.GetPart(), r.GetName()))
		}
		return nil, usage.Errorf("call %q has %d recordings; choose one by --part or by its id: %s", arg,
			len(found), parts)
	case parted:
		return nil, fmt.Errorf("call %q has no recording with the part %q", arg, part)
	}
	one, err := cl.Recordings.GetRecording(ctx, &pb.GetRecordingRequest{Name: name(arg)})
	return one.GetRecording(), client.See(err, "refrain recording list")
}

func (k *command) audio(ctx context.Context, cl *client.Client, rec *pb.Recording, path string) error {
	if path == "-" {
		_, err := receive(ctx, cl, rec, k.Out)
		return err
	}
	file, err := files.Create(path)
	if err != nil {
		return err
	}
	about, err := receive(ctx, cl, rec, file)
	if err := file.End(err); err != nil {
		return err
	}
	if *k.format == output.JSON {
		return k.JSON(audioLine{rec.GetName(), path, about.GetSizeBytes(), about.GetSha256(),
			about.GetMediaType()})
	}
	return k.Println(fmt.Sprintf("%s: %d bytes, %s", path, about.GetSizeBytes(), about.GetMediaType()))
}

// receive writes the recording's file.
func receive(
	ctx context.Context, cl *client.Client, rec *pb.Recording, to io.Writer,
) (*pb.AudioFile, error) {
	stream, err := cl.Recordings.GetRecordingAudio(ctx, &pb.GetRecordingAudioRequest{Name: rec.GetName()})
	if err != nil {
		return nil, err
	}
	var about *pb.AudioFile
	for n := int64(0); ; {
		m, err := stream.Recv()
		switch {
		case errors.Is(err, io.EOF) && n < about.GetSizeBytes():
			return about, fmt.Errorf("only %d of %d bytes came: %w", n, about.GetSizeBytes(), io.ErrUnexpectedEOF)
		case errors.Is(err, io.EOF):
			return about, nil
		case err != nil:
			return about, err
		case about == nil:
			about = m.GetFile()
			continue
		}
		if _, err := to.Write(m.GetChunk()); err != nil {
			return about, fmt.Errorf("write the result: %w", err)
		}
		n += int64(len(m.GetChunk()))
	}
}
