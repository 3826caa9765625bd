package main

import (
	"cmp"
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

func newRuleActivate(r *ruling) *cobra.Command {
	var version string
	cmd := &cobra.Command{
		Use: "activate FILE | --version VERSION", Short: "Put rules in force for calls from now on", Args: cobra.MaximumNArgs(1),
		Example: "  refrain rule activate rules.yaml\n  refrain rule activate --version shipped   # back to those that come with Refrain",
	}
	cmd.Flags().StringVar(&version, "version", "", "an earlier `version` of the server's list, or shipped")
	cmd.RunE = r.work(func(cmd *cobra.Command, args []string) error {
		if (version == "") == (len(args) == 0) {
			return misuse("name a file or, with --version, an earlier version")
		}
		req := &pb.ActivateRulesRequest{RequestId: uuid.NewString(), Rules: &pb.ActivateRulesRequest_Version{Version: version}}
		if len(args) > 0 {
			source, err := readSource(args)
			if err != nil {
				return err
			}
			req.Rules = &pb.ActivateRulesRequest_Source{Source: source}
		}
		return r.client.with(func(cl *client) error {
			resp, err := cl.rules.ActivateRules(cmd.Context(), req)
			if err != nil {
				return r.wrongSource(args, err)
			}
			return r.tellVersion(resp.GetRules(), true)
		})
	})
	return cmd
}

func newRuleVersions(r *ruling) *cobra.Command {
	return &cobra.Command{
		Use: "versions", Short: "List which rules were in force since when, newest first", Args: none, Example: "  refrain rule versions",
		RunE: r.work(func(cmd *cobra.Command, _ []string) error {
			return r.client.with(func(cl *client) error { return r.versions(cmd.Context(), cl) })
		}),
	}
}

func (r *ruling) versions(ctx context.Context, cl *client) error {
	active := true // of a version that was activated several times the last activation is
	return limit(0).pages(func(size int32, token string, _ bool) (int, string, error) {
		resp, err := cl.rules.ListRuleVersions(ctx, &pb.ListRuleVersionsRequest{PageSize: size, PageToken: token})
		if err != nil {
			return 0, "", err
		}
		for _, v := range resp.GetVersions() {
			if err := r.tellVersion(v, active && v.GetActive()); err != nil {
				return 0, "", err
			}
			active = active && !v.GetActive()
		}
		return len(resp.GetVersions()), resp.GetNextPageToken(), nil
	})
}

func (r *ruling) tellVersion(v *pb.RuleSet, active bool) error {
	if *r.format == formatJSON {
		return r.json(activationLine{v.GetVersion(), active, jsonTime(v.GetActivateTime()), v.GetActor()})
	}
	text := v.GetVersion() + "  comes with Refrain"
	if v.GetActivateTime() != nil {
		text = fmt.Sprintf("%s  activated %s by %s", v.GetVersion(), textTime(v.GetActivateTime()), cmp.Or(v.GetActor(), "Refrain, which it comes with"))
	}
	if active {
		text += "  (active)"
	}
	return r.println(text)
}
