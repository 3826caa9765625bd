package grpcapi

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/fault"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/request"
)

// KeyList lists keys, and who signs in.
type KeyList interface {
	// Keys are all there are, by name.
	Keys(ctx context.Context) ([]access.Key, error)
	// Users are all there are, by name.
	Users(ctx context.Context) ([]access.User, error)
}

type keyServer struct {
	pb.UnimplementedKeyServiceServer
	Deps
}

// AddKey implements the API.
func (s *keyServer) AddKey(ctx context.Context, req *pb.AddKeyRequest) (*pb.AddKeyResponse, error) {
	by, err := keeper(ctx)
	if err != nil {
		return nil, err
	}
	var wrong fault.Fields
	expires := optionalTime("expire_time", req.GetExpireTime(), &wrong)
	if err := wrong.Err("access.Add"); err != nil {
		return nil, err
	}
	k, token, err := s.Keys.Add(ctx, by, access.Key{Name: req.GetKeyId(), Role: roleFromProto[req.GetRole()],
		Lines: req.GetLines(), ActsForOthers: req.GetActsForOthers(), ExpiresAt: expires})
	if err != nil {
		return nil, err
	}
	noAdmin, err := s.noAdmin(ctx)
	if err != nil {
		return nil, err
	}
	return &pb.AddKeyResponse{Key: keyToProto(k, s.Now()), Token: token, NoAdmin: noAdmin}, nil
}

// keeper is who keeps keys: also who names nobody, since the first key is made when there is nobody yet.
func keeper(ctx context.Context) (string, error) {
	by, err := actor(ctx)
	if fault.ReasonOf(err) == "ACTOR_MISSING" {
		return "local", nil
	}
	return by, err
}

// noAdmin tells that no admin's key can be used, and no admin signs in.
func (d *Deps) noAdmin(ctx context.Context) (bool, error) {
	keys, err := d.KeyList.Keys(ctx)
	if err != nil {
		return false, err
	}
	users, err := d.KeyList.Users(ctx)
	if err != nil {
		return false, err
	}
	can := slices.ContainsFunc(keys, func(k access.Key) bool {
		return k.Role == access.Admin && k.Standing(d.Now())
	}) || slices.ContainsFunc(users, access.User.Admits)
	return !can && len(keys)+len(users) > 0, nil
}

// ListKeys implements the API.
func (s *keyServer) ListKeys(ctx context.Context, _ *pb.ListKeysRequest) (*pb.ListKeysResponse, error) {
	keys, err := s.KeyList.Keys(ctx)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	return &pb.ListKeysResponse{Keys: each(keys, func(k access.Key) *pb.Key { return keyToProto(k, now) })},
		nil
}

// RotateKey implements the API.
func (s *keyServer) RotateKey(
	ctx context.Context, req *pb.RotateKeyRequest,
) (*pb.RotateKeyResponse, error) {
	var wrong fault.Fields
	name := keyName(req.GetName(), &wrong)
	overlap := access.DefaultOverlap
	if d := req.GetOverlap(); d != nil {
		if d.CheckValid() != nil {
			wrong.Add("overlap", "is no valid duration")
		}
		overlap = d.AsDuration()
	}
	if err := wrong.Err("access.Rotate"); err != nil {
		return nil, err
	}
	k, token, err := s.Keys.Rotate(ctx, name, overlap)
	if err != nil {
		return nil, err
	}
	return &pb.RotateKeyResponse{Key: keyToProto(k, s.Now()), Token: token}, nil
}

// RevokeKey implements the API.
func (s *keyServer) RevokeKey(
	ctx context.Context, req *pb.RevokeKeyRequest,
) (*pb.RevokeKeyResponse, error) {
	by, err := keeper(ctx)
	if err != nil {
		return nil, err
	}
	var wrong fault.Fields
	name := keyName(req.GetName(), &wrong)
	if err := wrong.Err("access.Revoke"); err != nil {
		return nil, err
	}
	if err := request.CheckReason("access.Revoke", req.GetReason()); err != nil {
		return nil, err
	}
	k, err := s.Keys.Revoke(ctx, by, name)
	if err != nil {
		return nil, err
	}
	noAdmin, err := s.noAdmin(ctx)
	if err != nil {
		return nil, err
	}
	return &pb.RevokeKeyResponse{Key: keyToProto(k, s.Now()), NoAdmin: noAdmin}, nil
}

// WhoAmI implements the API.
func (s *keyServer) WhoAmI(ctx context.Context, _ *pb.WhoAmIRequest) (*pb.WhoAmIResponse, error) {
	p, _ := access.Of(ctx)
	return &pb.WhoAmIResponse{Name: p.Name, Role: roleToProto[p.Role], Lines: p.Lines,
		ActsForOthers: p.ActsForOthers, Actor: p.Actor, Open: s.Guard.Open()}, nil
}

// keyName takes the name out of keys/{key}. Names may hold what other ids don't.
func keyName(name string, wrong *fault.Fields) string {
	id, ok := strings.CutPrefix(name, "keys/")
	if !ok || id == "" {
		wrong.Add("name", "is %q; it must look like keys/{key}", name)
	}
	return id
}

var roleToProto = map[access.Role]pb.Role{
	access.Recorder: pb.Role_ROLE_RECORDER, access.Dialler: pb.Role_ROLE_DIALLER,
	access.Reviewer: pb.Role_ROLE_REVIEWER, access.Supervisor: pb.Role_ROLE_SUPERVISOR,
	access.Admin: pb.Role_ROLE_ADMIN, access.Agent: pb.Role_ROLE_AGENT,
	access.Analyst: pb.Role_ROLE_ANALYST, access.Auditor: pb.Role_ROLE_AUDITOR,
	access.Monitor: pb.Role_ROLE_MONITOR, access.Gate: pb.Role_ROLE_GATE,
}

var roleFromProto = inverse(roleToProto)

func keyToProto(k access.Key, now time.Time) *pb.Key {
	return &pb.Key{
		Name: "keys/" + k.Name, Role: roleToProto[k.Role], Lines: k.Lines, ActsForOthers: k.ActsForOthers,
		CreateTime: timestamp(k.CreatedAt), Creator: k.CreatedBy, ExpireTime: timestamp(k.ExpiresAt),
		RevokeTime: timestamp(k.RevokedAt), Revoker: k.RevokedBy, Active: k.Standing(now),
		Tokens: each(k.Secrets, func(s access.Secret) *pb.KeyToken {
			return &pb.KeyToken{Prefix: s.Prefix, CreateTime: timestamp(s.CreatedAt),
				EndTime: timestamp(s.EndsAt), LastUseTime: timestamp(s.UsedAt)}
		}),
	}
}
