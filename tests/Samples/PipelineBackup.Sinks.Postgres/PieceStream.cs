using System.Data;
using Npgsql;

namespace PipelineBackup.Sinks.Postgres;

/// <summary>
/// Reads a range of an object, a piece at a time. Between two pieces no connection is held, so a slow reader keeps
/// nobody waiting; objects never change, so the pieces fit together.
/// </summary>
/// <param name="source">Where the connections come from.</param>
/// <param name="tables">The store.</param>
/// <param name="found">The object.</param>
/// <param name="offset">First byte.</param>
/// <param name="length">Number of bytes, all of them inside the object.</param>
internal sealed class PieceStream(
    NpgsqlDataSource source, StoreTables tables, FoundObject found, long offset, long length) : Stream
{
    private readonly long _end = offset + length;
    private byte[] _piece = [];
    private int _taken, _held;
    private long _next = offset;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (buffer.IsEmpty)
            return 0;
        if (_taken == _held && !await FetchAsync(cancellationToken).ConfigureAwait(false))
            return 0;
        int count = Math.Min(buffer.Length, _held - _taken);
        _piece.AsMemory(_taken, count).CopyTo(buffer);
        _taken += count;
        return count;
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) =>
        ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    // Only what the range needs of the piece crosses the wire.
    private async Task<bool> FetchAsync(CancellationToken cancellationToken)
    {
        long left = _end - _next;
        if (left == 0)
            return false;
        int piece = (int)(_next / found.PieceLength), from = (int)(_next % found.PieceLength);
        int count = (int)Math.Min(left, found.PieceLength - from);
        if (_piece.Length < count)
            _piece = new byte[count];
        try
        {
            await using var command = source.CreateCommand(tables.ReadPiece);
            command.Parameters.Add(new() { Value = found.Id });
            command.Parameters.Add(new() { Value = piece });
            // SQL counts from one.
            command.Parameters.Add(new() { Value = from + 1 });
            command.Parameters.Add(new() { Value = count });
            await using var rows = await command.ExecuteReaderAsync(CommandBehavior.SequentialAccess, cancellationToken)
                .ConfigureAwait(false);
            if (!await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
                throw PostgresFailure.NotFound($"object '{found.Name}' went away while it was read");
            await using var content = await rows.GetStreamAsync(0, cancellationToken).ConfigureAwait(false);
            if (content.Length != count)
            {
                throw new SinkException(
                    $"piece {piece} of object '{found.Name}' has {content.Length} bytes, not {count}")
                {
                    Hint = "someone changed the store's tables by hand: verify the backups in it",
                };
            }

            await content.ReadExactlyAsync(_piece.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (PostgresFailure.Is(failure))
        {
            throw PostgresFailure.Of(failure, $"cannot read '{found.Name}' from byte {_next} on");
        }

        (_taken, _held) = (0, count);
        _next += count;
        return true;
    }
}

/// <summary>An object as its row describes it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Id">Its number.</param>
/// <param name="Length">Its length in bytes.</param>
/// <param name="PieceLength">Number of bytes in each of its pieces but the last.</param>
internal sealed record FoundObject(ObjectName Name, long Id, long Length, int PieceLength);
