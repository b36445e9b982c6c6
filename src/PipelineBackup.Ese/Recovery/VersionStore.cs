namespace PipelineBackup.Ese;

/// <summary>What open transactions changed, so that it can be undone.</summary>
internal sealed class VersionStore
{
    /// <summary>A node was inserted: undone by flagging it deleted.</summary>
    public void Inserted(RedoSession session, in NodeChange node, uint version, ReadOnlySpan<byte> key, ReadOnlySpan<byte> bookmarkData) =>
        throw new NotImplementedException();

    /// <summary>Data were replaced on a page that needed it: undone by putting the old data back.</summary>
    public void Replaced(RedoSession session, in NodeChange node, uint version, ReadOnlySpan<byte> key, ReadOnlySpan<byte> bookmarkData,
        ReadOnlySpan<byte> oldData, CachedPage page) => throw new NotImplementedException();

    /// <summary>A node was flagged deleted on a page that needed it: undone by clearing the flag.</summary>
    public void FlagDeleted(RedoSession session, in NodeChange node, ReadOnlySpan<byte> key, ReadOnlySpan<byte> bookmarkData, CachedPage page) =>
        throw new NotImplementedException();

    /// <summary>A counter was moved: undone by moving it back.</summary>
    public void Moved(RedoSession session, in NodeChange node, ReadOnlySpan<byte> key, ReadOnlySpan<byte> bookmarkData,
        int offset, long delta, bool is64Bit) => throw new NotImplementedException();

    /// <summary>A change whose page did not need it: a later record tells what to undo.</summary>
    public void Deferred(RedoSession session, uint version) => throw new NotImplementedException();

    /// <summary>A change is undone by a record: its version, which is then forgotten; false when there is none.</summary>
    public bool TryTake(RedoSession session, in NodeChange node, ReadOnlySpan<byte> key, ReadOnlySpan<byte> bookmarkData,
        out byte[] oldData, out int offset, out long delta) => throw new NotImplementedException();
}
