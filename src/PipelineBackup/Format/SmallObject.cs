using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace PipelineBackup.Format;

/// <summary>Objects that are read whole: the format document, commits, claims.</summary>
internal static class SmallObject
{
    /// <summary>Reads an object of bounded length.</summary>
    /// <exception cref="BackupException">It is longer.</exception>
    /// <exception cref="SinkException">It is not there, or the store failed.</exception>
    public static async Task<byte[]> ReadAsync(IBackupArchive archive, ObjectName name, int maxBytes, CancellationToken cancellationToken)
    {
        var stream = await archive.OpenReadAsync(name, ByteRange.All, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            byte[] buffer = new byte[maxBytes + 1];
            int length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            return length <= maxBytes ? buffer[..length] : throw Damaged(name, $"it is longer than {maxBytes} bytes");
        }
    }

    /// <summary>Reads an object of bounded length, if it is there.</summary>
    /// <returns>Its bytes; null when there is none.</returns>
    /// <exception cref="BackupException">It is longer, or the store failed.</exception>
    public static async Task<byte[]?> TryReadAsync(IBackupArchive archive, ObjectName name, int maxBytes, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadAsync(archive, name, maxBytes, cancellationToken).ConfigureAwait(false);
        }
        catch (SinkException failure) when (failure.Failure == SinkFailure.NotFound)
        {
            return null;
        }
    }

    /// <summary>Reads a document.</summary>
    /// <exception cref="BackupException">It is no such document.</exception>
    public static T Parse<T>(ReadOnlySpan<byte> content, ObjectName name, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(content, type) ?? throw Damaged(name, "it is empty");
        }
        catch (Exception failure) when (failure is JsonException or NotSupportedException or InvalidOperationException)
        {
            throw Damaged(name, failure.Message);
        }
    }

    /// <summary>The failure that tells of a damaged object.</summary>
    public static BackupException Damaged(ObjectName name, string reason) => new($"{name} is damaged: {reason}")
    {
        Hint = "copy this object again from a second store, or use another backup",
        ExitCode = ExitCode.Refused,
    };
}
