using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>A version store with hardly any memory, and a plain list of what it should have.</summary>
internal sealed class VersionModel(Random random)
{
    private readonly RedoSession _session = new() { Id = 1, Transaction = new(4), HasBegun = true };
    private readonly List<Known> _known = [];
    private readonly RecordMaker _make = new();

    // No engine tells old data of what it has undone.
    private readonly HashSet<uint> _taken = [];
    private uint _next = (uint)random.Next() * 2;

    public void Run()
    {
        using var memory = new ScratchMemory(
            new SimulatedDisk().AddDirectory("/s"), "/s/undo.tmp", memoryBytes: 0, blockBytes: 64);
        var store = new VersionStore(memory);
        _session.Enter(1);
        for (int step = 0; step < 150; step++)
            Step(store);
        Check(store);
        while (_session.Level > 0)
            UndoLevel(store);
        Assert.Equal(0, store.HeldPages);
        Assert.Empty(_known);
    }

    private void Step(VersionStore store)
    {
        int roll = random.Next(100);
        if (roll < 45)
            Change(store);
        else if (roll < 55)
            UndoInfo(store);
        else if (roll < 70)
            Take(store);
        else if (roll < 85 && _session.Level < 6)
            _session.Enter(random.Next(1, 3));
        else if (roll < 95 && _session.Level > 1)
            Commit(random.Next(1, _session.Level));
        else if (_session.Level > 1)
            RollBack(random.Next(1, _session.Level));
        else if (roll > 98)
            Restart();
        if (random.OneIn(10))
            Check(store);
    }

    private void Change(VersionStore store)
    {
        _next += (uint)random.Next(1, 3);
        int level = random.OneIn(5) ? random.Next(1, _session.Level + 1) : _session.Level;
        byte[] key = Bytes(40), old = Bytes(200);
        var node = RecordMaker.Node(1, _next, level);
        switch (random.Next(4))
        {
            case 0:
                store.Inserted(_session, node, _next, key, []);
                _known.Add(new(_next, level, key, [], PageNumber.None));
                break;
            case 1:
                store.Deferred(_session, _next);
                _known.Add(new(_next, _session.Level, null, [], PageNumber.None));
                break;
            default:
                var page = new PageNumber((uint)random.Next(1, 6));
                store.Replaced(_session, node, _next, key, [], old, page);
                _known.Add(new(_next, level, key, old, page));
                break;
        }
    }

    private void UndoInfo(VersionStore store)
    {
        int at = random.Next(_known.Count + 1);
        bool isNew = at == _known.Count;
        uint version = isNew ? _next - (uint)random.Next(40) * 2 : _known[at].Version;
        if (_taken.Contains(version))
            return;
        int level = isNew ? random.Next(1, _session.Level + 1) : _known[at].Level;
        byte[] key = Bytes(40), old = Bytes(100);
        store.UndoInfo(_session, RecordMaker.View(
            _make.UndoInfo(RecordMaker.Node(1, version, level), NodeOperation.Replace, key, old)).AsUndoInfo());
        int found = _known.FindIndex(known => known.Version == version);
        if (found < 0)
            _known.Add(new(version, level, key, old, PageNumber.None));
        else if (_known[found].Key is null)
            _known[found] = _known[found] with { Key = key, Old = old };
        else
            _known[found] = _known[found] with { Held = PageNumber.None };
    }

    private void Take(VersionStore store)
    {
        if (_known.Count == 0)
            return;

        // Mostly the newest, as a rollback does.
        var known = random.OneIn(3) ? _known[random.Next(_known.Count)] : Newest(_known);
        bool isTaken = store.TryTake(_session, RecordMaker.Node(1, known.Version), known.Key ?? [], [], out var inverse);
        Assert.Equal(known.Key is not null, isTaken);
        Assert.Equal(known.Key is null ? [] : known.Old, inverse.OldData.ToArray());
        _known.Remove(known);
        _taken.Add(known.Version);
    }

    private void Commit(int level)
    {
        _session.CommitTo(level);
        for (int i = 0; i < _known.Count; i++)
            _known[i] = _known[i] with { Level = Math.Min(level, _known[i].Level) };
    }

    private void RollBack(int level)
    {
        _session.RollBackTo(level);
        _known.RemoveAll(known => known.Level > level);
    }

    private void Restart()
    {
        _session.CommitTo(0);
        _known.Clear();
        _session.Enter(1);
    }

    private void Check(VersionStore store)
    {
        for (uint page = 1; page < 6; page++)
            Assert.Equal(_known.Any(known => known.Held.Value == page), store.IsHeld(RecordMaker.Database, new(page)));
    }

    private void UndoLevel(VersionStore store)
    {
        var level = _known.Where(known => known.Level == _session.Level).ToList();
        while (level.Count > 0)
        {
            var newest = Newest(level);
            if (newest.Key is null)
                _session.Versions!.Forget(newest.Version);
            else
            {
                Assert.True(store.TryNewest(_session, out var version));
                Assert.Equal(newest.Version, version.Version);
                Assert.Equal(newest.Key, version.Key.ToArray());
                Assert.Equal(newest.Old, version.OldData.ToArray());
                Assert.Equal(newest.Held != PageNumber.None, version.IsUnlogged);
                _session.Versions!.Forget(newest.Version);
            }

            level.Remove(newest);
            _known.Remove(newest);
        }

        Assert.False(store.TryNewest(_session, out _));
        _session.RollBackTo(_session.Level - 1);
    }

    private static Known Newest(List<Known> among)
    {
        var newest = among[0];
        foreach (var known in among)
        {
            if ((int)(known.Version - newest.Version) > 0)
                newest = known;
        }

        return newest;
    }

    private byte[] Bytes(int most)
    {
        byte[] bytes = new byte[random.Next(1, most)];
        random.NextBytes(bytes);
        return bytes;
    }

    private sealed record Known(uint Version, int Level, byte[]? Key, byte[] Old, PageNumber Held);
}
