using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>One recovery that may be killed: redo of a log, undo, and pages that are written whenever they may be.</summary>
internal sealed class UndoRun(Random random, UndoneDatabase database, List<byte[]> records, int steps)
{
    private readonly LosableLog _log = new(records);
    private int _left = steps;

    /// <summary>Runs; false when it is killed.</summary>
    public bool TryFinish(out long undone)
    {
        undone = 0;
        var disk = new SimulatedDisk().AddDirectory("/s");
        using var memory = new ScratchMemory(disk, "/s/undo.tmp", memoryBytes: 0, blockBytes: 256);
        var store = new VersionStore(memory);
        var redo = new PlainRedo(database, store);
        var undo = new UndoPass(store, _ => database, _log);
        try
        {
            foreach (byte[] record in records.ToList())
            {
                redo.Apply(record);
                Between(store);
            }

            undo.Run(redo.Transactions, redo.Macros, () => Between(store));
        }
        catch (SimulatedCrashException)
        {
            _log.Crash(random);
            return false;
        }

        Assert.Equal(0, store.HeldPages);
        Assert.All(redo.Transactions.Sessions, session => Assert.Equal(0, session.Level));
        _log.Flush();
        database.WriteAll();
        undone = undo.Undone;
        return true;
    }

    private void Between(VersionStore store)
    {
        if (_left-- <= 0)
            throw new SimulatedCrashException("killed");
        if (!random.OneIn(4) || database.Dirty.Count == 0)
            return;
        var page = random.Pick([.. database.Dirty]);
        if (store.IsHeld(RecordMaker.Database, page))
            return;
        _log.Flush();
        database.Write(page);
    }
}
