using System.Buffers;
using Npgsql;
using NpgsqlTypes;

namespace PipelineBackup.Sinks.Postgres;

/// <summary>
/// Writes an object in one transaction: until it commits nobody sees any of it, and a connection that is lost takes all
/// of it back.
/// </summary>
/// <param name="source">Where the connections come from.</param>
/// <param name="tables">The store.</param>
/// <param name="pieceLength">Number of bytes in a piece.</param>
internal sealed class ObjectWriter(NpgsqlDataSource source, StoreTables tables, int pieceLength)
{
    /// <summary>Writes an object.</summary>
    /// <returns>Whether it was created; if not, the name is taken.</returns>
    public Task<bool> PutAsync(ObjectName name, ObjectBody body, CancellationToken cancellationToken) =>
        body.Length <= pieceLength
            ? PutSmallAsync(name, body, cancellationToken)
            : PutLargeAsync(name, body, cancellationToken);

    // One statement is one transaction, and one way to the server and back.
    private async Task<bool> PutSmallAsync(ObjectName name, ObjectBody body, CancellationToken cancellationToken)
    {
        byte[] rented = ArrayPool<byte>.Shared.Rent((int)body.Length);
        try
        {
            body.Content.CopyTo(rented);
            await using var command = source.CreateCommand(tables.PutSmall);
            Describe(command, name, body);
            command.Parameters.Add(new NpgsqlParameter<ReadOnlyMemory<byte>>
            {
                TypedValue = rented.AsMemory(0, (int)body.Length),
                NpgsqlDbType = NpgsqlDbType.Bytea,
            });
            return (long)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))! == 1;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private async Task<bool> PutLargeAsync(ObjectName name, ObjectBody body, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        long id;
        await using (var command = new NpgsqlCommand(tables.PutLarge, connection, transaction))
        {
            Describe(command, name, body);
            // While someone else is putting the same name this waits: his commit is our refusal, his failure our turn.
            if (await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is not long made)
                return false;
            id = made;
        }

        await CopyAsync(connection, id, body.Content, cancellationToken).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        // From here on there is no way back: a commit that is broken off may have happened.
        await transaction.CommitAsync(CancellationToken.None).ConfigureAwait(false);
        return true;
    }

    private async Task CopyAsync(
        NpgsqlConnection connection, long id, ReadOnlySequence<byte> content, CancellationToken cancellationToken)
    {
        byte[] rented = ArrayPool<byte>.Shared.Rent(pieceLength);
        try
        {
            await using var import = await connection.BeginBinaryImportAsync(tables.CopyPieces, cancellationToken)
                .ConfigureAwait(false);
            for (int piece = 0; !content.IsEmpty; piece++)
            {
                // Every piece is a look at the token.
                cancellationToken.ThrowIfCancellationRequested();
                var part = content.Slice(0, Math.Min(pieceLength, content.Length));
                part.CopyTo(rented);
                await import.StartRowAsync(cancellationToken).ConfigureAwait(false);
                await import.WriteAsync(id, NpgsqlDbType.Bigint, cancellationToken).ConfigureAwait(false);
                await import.WriteAsync(piece, NpgsqlDbType.Integer, cancellationToken).ConfigureAwait(false);
                await import.WriteAsync<ReadOnlyMemory<byte>>(
                    rented.AsMemory(0, (int)part.Length), NpgsqlDbType.Bytea, cancellationToken).ConfigureAwait(false);
                content = content.Slice(part.End);
            }

            await import.CompleteAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private void Describe(NpgsqlCommand command, ObjectName name, ObjectBody body)
    {
        command.Parameters.Add(new() { Value = name.ToString() });
        command.Parameters.Add(new() { Value = body.Length });
        command.Parameters.Add(new() { Value = pieceLength });
        command.Parameters.Add(new NpgsqlParameter<ReadOnlyMemory<byte>>
        {
            TypedValue = body.Sha256,
            NpgsqlDbType = NpgsqlDbType.Bytea,
        });
        command.Parameters.Add(new() { Value = body.Class == ObjectClass.Data ? "data" : "catalogue" });
        command.Parameters.Add(new()
        {
            Value = body.RetainUntil is { } until ? until.UtcDateTime : DBNull.Value,
            NpgsqlDbType = NpgsqlDbType.TimestampTz,
        });
    }
}
