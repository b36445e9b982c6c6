using System.Text.Json.Nodes;
using PipelineBackup.Golden;

namespace PipelineBackup.Cli.Tests;

/// <summary>A damage of the corpus, with what the engine said to it.</summary>
internal sealed record DamagedCase(string Name, JsonNode Description)
{
    private static string Root => GoldenSets.Engine("damaged");

    /// <summary>The cases whose names have a prefix; one without a name where there is no corpus.</summary>
    public static TheoryData<string> Names(params string[] prefixes) => new(GoldenSets.HasCorpus
        ? Directory.GetFiles(Root, "*.json").Select(path => Path.GetFileNameWithoutExtension(path))
            .Where(name => prefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)))
                .Order(StringComparer.Ordinal)
        : [""]);

    public static DamagedCase Read(string name)
    {
        GoldenSets.RequireCorpus();
        return new(name, JsonNode.Parse(File.ReadAllText(Path.Combine(Root, name + ".json")))!);
    }

    /// <summary>Error of the engine's recovery or restore.</summary>
    public int Error => (int)Description["recover"]!["err"]!;

    /// <summary>Whether the engine was given flags that the command has not.</summary>
    public bool HasFlags => Description["args"] is JsonArray { Count: > 0 };

    /// <summary>A copy of the base with the damage applied.</summary>
    public string Prepare()
    {
        bool isHard = (string?)Description["kind"] == "hard";
        string folder = Cli.Copy(Path.Combine(Root, (string)Description["base"]!, isHard ? "backup" : "."));
        foreach (var operation in Description["ops"]!.AsArray())
            Apply(operation!, Path.Combine(folder, (string)operation!["file"]!));
        // A restore is told which generations to take; a directory that ends there says the same.
        if (Description["gen"] is JsonArray generations)
        {
            foreach (string log in Directory.GetFiles(folder, "edb0*.log"))
            {
                if (Convert.ToInt32(Path.GetFileNameWithoutExtension(log)[3..], 16) > (int)generations[1]!)
                    File.Delete(log);
            }
        }

        return folder;
    }

    private static void Apply(JsonNode operation, string path)
    {
        if ((string)operation["op"]! == "delete")
        {
            File.Delete(path);
            return;
        }

        byte[] bytes = File.ReadAllBytes(path);
        int offset = (int?)operation["off"] ?? 0, length = (int?)operation["len"] ?? 0;
        switch ((string)operation["op"]!)
        {
            case "xor": bytes[offset] ^= (byte)(int)operation["val"]!; break;
            case "fill": bytes.AsSpan(offset, length).Fill((byte)(int)operation["byte"]!); break;
            case "truncate": bytes = bytes[..length]; break;
            case "copy": bytes.AsSpan((int)operation["src"]!, length)
                .CopyTo(bytes.AsSpan((int)operation["dst"]!)); break;
            case "replace": bytes = File.ReadAllBytes(Path.Combine(Root, (string)operation["from"]!)); break;
            case "paste": File.ReadAllBytes(Path.Combine(Root, (string)operation["from"]!))
                .CopyTo(bytes.AsSpan(offset)); break;
            case var other: throw new NotSupportedException(other);
        }

        File.WriteAllBytes(path, bytes);
    }
}
