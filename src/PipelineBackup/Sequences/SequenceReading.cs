namespace PipelineBackup.Sequences;

/// <summary>What the clients of both sequences do alike.</summary>
internal static class SequenceReading
{
    /// <summary>Reads on in a file, into the client's own memory.</summary>
    public static async ValueTask<int> ReadAsync(IBackupSequences server, Guid context, OpenedFile file,
        Memory<byte> buffer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(file);
        var bytes = await server.ReadFileAsync(context, file.Handle, buffer.Length, cancellationToken)
            .ConfigureAwait(false);
        bytes.CopyTo(buffer);
        return bytes.Length;
    }

    /// <summary>Ends a session that its client leaves; the server may have ended it by itself.</summary>
    public static async ValueTask AbortAsync(IBackupSequences server, Guid context)
    {
        try
        {
            await server.EndAsync(context, CancellationToken.None).ConfigureAwait(false);
        }
        catch (BackupException failure) when (failure.Error == JetError.NoBackup)
        {
            // It is over, which is what was asked.
        }
    }
}
